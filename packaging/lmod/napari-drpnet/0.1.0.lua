-- A module of Lmod. Its version is the name of this file.
local environment = pathJoin("/opt/software/napari-drpnet", myModuleVersion())

help([[drpnet picks particles in cryo-EM micrographs; drpnet --help lists its commands.]])
whatis("Name: " .. myModuleName())
whatis("Version: " .. myModuleVersion())
whatis("Category: cryo-EM")
whatis("Description: DRPnet particle picker: command line, RELION job, napari plugin")

-- A folder with a link to drpnet alone. The folder bin of the environment would put its python
-- before that of other modules.
prepend_path("PATH", pathJoin(environment, "commands"))
