# What a wheel or an npm package carries has to run where none of the build's libraries are installed, and says nothing
# of the machine it was built on. Changes the imported targets of OpenSkillsDependencies and the variables
# OPENSKILLS_FMT and openskills_engine.
foreach(library yaml md utf8proc)
  find_library(OPENSKILLS_STATIC_${library} NAMES lib${library}.a REQUIRED)
  set_target_properties(PkgConfig::${library} PROPERTIES INTERFACE_LINK_LIBRARIES "${OPENSKILLS_STATIC_${library}}")
endforeach()

# Debian has no static libfmt: its sources are compiled in.
set(OPENSKILLS_FMT fmt::fmt-header-only)

# The engine's panic messages name the folders of its crates and its build.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(openskills_neutral_engine "${CMAKE_BINARY_DIR}/engine/libopenskills_wasmtime.a")
if(NOT EXISTS "${openskills_neutral_engine}" OR "${openskills_engine}" IS_NEWER_THAN "${openskills_neutral_engine}")
  execute_process(COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_SOURCE_DIR}/scripts/lib/neutral_paths.py"
                          "${openskills_engine}" "${openskills_neutral_engine}" COMMAND_ERROR_IS_FATAL ANY)
endif()
set(openskills_engine "${openskills_neutral_engine}")
