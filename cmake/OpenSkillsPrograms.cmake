# openskills_program(NAME): how a program that users start is linked. A process starts, and forks, fastest when there is
# least to relocate, to load and to page in.
include(CheckLinkerFlag)

# Which functions lie together (scripts/order_functions.py). A linker without such scripts leaves them as they come.
set(openskills_function_order "-Wl,-T,${CMAKE_SOURCE_DIR}/cmake/functions.ld")
check_linker_flag(CXX "${openskills_function_order}" OPENSKILLS_ORDERS_FUNCTIONS)

function(openskills_program name)
  target_link_options(${name} PRIVATE -no-pie -Wl,--gc-sections)
  if(OPENSKILLS_SANITIZE)
    return()
  endif()
  target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
  if(OPENSKILLS_ORDERS_FUNCTIONS)
    target_link_options(${name} PRIVATE "${openskills_function_order}")
    set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS "${CMAKE_SOURCE_DIR}/cmake/functions.ld")
  endif()
endfunction()
