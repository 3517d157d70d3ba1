"""Classes of the pixels of a micrograph."""

#: Names of the classes; the number of a class is its index plus one.
CLASSES = ("background", "particle", "ice", "carbon")
#: Numbers of the classes in a class map; 0 means that nothing is said about a pixel.
UNKNOWN, BACKGROUND, PARTICLE, ICE, CARBON = range(5)
