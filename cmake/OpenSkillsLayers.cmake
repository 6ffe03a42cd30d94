# openskills_layer(NAME [PUBLIC targets…] [PRIVATE targets…])
# Declares the layer in the current folder: a static library openskills_NAME from every *.cc that is neither a test
# nor a program's main.cc, and, when tests are built, one test program openskills_NAME_test from every *_test.cc beside them.
add_library(openskills_options INTERFACE)
target_compile_options(openskills_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror>
  # g++ 12 reports both for correct uses of std::string and std::expected (GCC bugs 105329 and 105562).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized>
  # libstdc++ 12 uses what it deprecates itself, in std::stable_sort.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  -ffunction-sections -fdata-sections)
target_compile_definitions(openskills_options INTERFACE _GNU_SOURCE OPENSKILLS_VERSION="${PROJECT_VERSION}")
target_include_directories(openskills_options INTERFACE
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/runtime/include>
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/runtime/src>)
if(OPENSKILLS_SANITIZE)
  target_compile_options(openskills_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(openskills_options INTERFACE -fsanitize=address,undefined)
  target_compile_definitions(openskills_options INTERFACE OPENSKILLS_SANITIZE=1)
endif()
if(OPENSKILLS_BUILD_FUZZERS)
  # What the fuzzer steers by; only its own programs link the rest of it.
  target_compile_options(openskills_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(openskills_layer name)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_(test|fuzz|bench)|/main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(sources)
    add_library(openskills_${name} STATIC ${sources})
    target_link_libraries(openskills_${name} PUBLIC openskills_options ${arg_PUBLIC} PRIVATE ${arg_PRIVATE})
    set(scope openskills_${name})
  else()
    add_library(openskills_${name} INTERFACE)
    target_link_libraries(openskills_${name} INTERFACE openskills_options ${arg_PUBLIC} ${arg_PRIVATE})
    set(scope openskills_${name})
  endif()
  if(OPENSKILLS_BUILD_TESTS AND tests)
    add_executable(openskills_${name}_test ${tests})
    target_link_libraries(openskills_${name}_test PRIVATE ${scope} ${arg_PRIVATE} GTest::gtest_main)
    add_test(NAME unit.${name} COMMAND openskills_${name}_test --gtest_brief=1)
    set_tests_properties(unit.${name} PROPERTIES TIMEOUT 300
      ENVIRONMENT "OPENSKILLS_SOURCE_DIR=${CMAKE_SOURCE_DIR}")
  endif()
endfunction()
