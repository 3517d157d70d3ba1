"""Colours of figures, by Okabe and Ito: safe for the colour blind."""

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#8C8C8C"
