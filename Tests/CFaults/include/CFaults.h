// Nothing to call: CFaults is a library to preload, see CFaults.c. The package manager wants a folder of public headers.
