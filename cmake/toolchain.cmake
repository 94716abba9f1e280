# The compiler is Debian's clang-19. GCC before 14 destroys temporaries twice in expressions that hold
# co_await (docs/adr/0002), so it is refused.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  message(FATAL_ERROR "GCC ${CMAKE_CXX_COMPILER_VERSION} destroys co_await temporaries twice; "
                      "use clang-19 (cmake --preset dev) or GCC 14 and later.")
endif()
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(RL_SANITIZE "" CACHE STRING "Sanitizers: address,undefined or thread")
add_library(rl_flags INTERFACE)
target_compile_options(rl_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wno-gnu-zero-variadic-macro-arguments -Werror)
target_include_directories(rl_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_definitions(rl_flags INTERFACE RINGLEDGER_VERSION="${PROJECT_VERSION}")
if(RL_SANITIZE)
  target_compile_options(rl_flags INTERFACE -fsanitize=${RL_SANITIZE} -fno-omit-frame-pointer
                                            -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RL_SANITIZE})
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(rl_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong)
  add_link_options(-Wl,-z,relro,-z,now -pie)
endif()
