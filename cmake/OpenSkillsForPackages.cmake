# What a wheel or an npm package carries says nothing of the machine it was built on, and the engine's panic messages name
# the folders of its crates and its build. Changes openskills_engine of OpenSkillsDependencies.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(openskills_neutral_engine "${CMAKE_BINARY_DIR}/engine/libopenskills_wasmtime.a")
if(NOT EXISTS "${openskills_neutral_engine}" OR "${openskills_engine}" IS_NEWER_THAN "${openskills_neutral_engine}")
  execute_process(COMMAND "${Python3_EXECUTABLE}" -B "${CMAKE_SOURCE_DIR}/scripts/lib/neutral_paths.py"
                          "${openskills_engine}" "${openskills_neutral_engine}" COMMAND_ERROR_IS_FATAL ANY)
endif()
set(openskills_engine "${openskills_neutral_engine}")
