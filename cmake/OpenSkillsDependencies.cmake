# Every library the runtime links, as an imported target.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(fmt 9 REQUIRED)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(md REQUIRED IMPORTED_TARGET libmd)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)
# Headers only: the library is loaded when a package is read or written (catalog/zip_library.h).
pkg_check_modules(zip REQUIRED libzip)

# CLI11 with one of each of its ready-made validators: as they are, each file that includes it has its own, and a program
# makes them all at its start.
get_target_property(openskills_cli11_folders CLI11::CLI11 INTERFACE_INCLUDE_DIRECTORIES)
find_path(openskills_cli11_headers CLI/Validators.hpp HINTS ${openskills_cli11_folders} REQUIRED NO_CACHE)
set(openskills_cli11 "${CMAKE_BINARY_DIR}/include")
file(COPY "${openskills_cli11_headers}/CLI" DESTINATION "${openskills_cli11}" PATTERN Validators.hpp EXCLUDE)
file(READ "${openskills_cli11_headers}/CLI/Validators.hpp" openskills_validators)
string(REGEX REPLACE "\nconst (detail::|Range |TypeValidator<)" "\ninline const \\1" openskills_validators
       "${openskills_validators}")
file(CONFIGURE OUTPUT "${openskills_cli11}/CLI/Validators.hpp" CONTENT "${openskills_validators}" @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${openskills_cli11_headers}/CLI/Validators.hpp")
add_library(openskills_cli11 INTERFACE)
target_include_directories(openskills_cli11 SYSTEM INTERFACE "${openskills_cli11}")

# Inside of our programs and libraries, where there is an archive of it: a process that loads less starts faster.
foreach(library yaml md utf8proc)
  find_library(OPENSKILLS_STATIC_${library} NAMES lib${library}.a)
  if(OPENSKILLS_STATIC_${library})
    set_target_properties(PkgConfig::${library} PROPERTIES INTERFACE_LINK_LIBRARIES "${OPENSKILLS_STATIC_${library}}")
  elseif(OPENSKILLS_FOR_PACKAGES)
    message(FATAL_ERROR "A package carries lib${library}, and there is no archive of it: install its development package")
  endif()
endforeach()

# The engine is built by scripts/build_runtime.sh into a cache outside the checkout.
set(OPENSKILLS_WASMTIME_DIR "" CACHE PATH "Folder with lib/libopenskills_wasmtime.a and include/")
if(NOT EXISTS "${OPENSKILLS_WASMTIME_DIR}/lib/libopenskills_wasmtime.a")
  message(FATAL_ERROR "The WebAssembly engine is missing. Run scripts/build_runtime.sh, which builds it "
                      "once per machine and passes OPENSKILLS_WASMTIME_DIR; or, to configure by hand:\n"
                      "  export OPENSKILLS_WASMTIME_DIR=$(scripts/build_runtime.sh --engine-dir)")
endif()
set(openskills_engine "${OPENSKILLS_WASMTIME_DIR}/lib/libopenskills_wasmtime.a")
if(OPENSKILLS_FOR_PACKAGES)
  include(OpenSkillsForPackages)
endif()
add_library(openskills_wasmtime STATIC IMPORTED GLOBAL)
set_target_properties(openskills_wasmtime PROPERTIES
  IMPORTED_LOCATION "${openskills_engine}"
  INTERFACE_INCLUDE_DIRECTORIES "${OPENSKILLS_WASMTIME_DIR}/include"
  INTERFACE_LINK_LIBRARIES "Threads::Threads;dl;m")

if(OPENSKILLS_BUILD_TESTS)
  find_package(GTest 1.12 REQUIRED)
endif()
if(OPENSKILLS_BUILD_BENCH)
  find_package(benchmark 1.7 REQUIRED)
endif()
