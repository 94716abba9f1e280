# Tests that belong to no single layer.
add_custom_target(verify_headers)
get_property(all_headers GLOBAL PROPERTY RL_HEADERS)
set(stubs "")
foreach(h ${all_headers})
  file(RELATIVE_PATH rel ${PROJECT_SOURCE_DIR} ${h})
  string(REPLACE "/" "_" stub ${rel})
  set(path ${PROJECT_BINARY_DIR}/headers/${stub}.cpp)
  if(NOT EXISTS ${path})
    file(WRITE ${path} "#include \"${rel}\"\n")
  endif()
  list(APPEND stubs ${path})
endforeach()
if(stubs)
  add_library(headers_stand_alone OBJECT EXCLUDE_FROM_ALL ${stubs})
  get_property(all_layers GLOBAL PROPERTY RL_LAYERS)
  target_link_libraries(headers_stand_alone PRIVATE ${all_layers} doctest::doctest)
  add_dependencies(verify_headers headers_stand_alone)
endif()

# Test programs whose code runs on several threads: scripts/test builds them with ThreadSanitizer in
# RL_TSAN_FOLDER and runs them as tests tsan/… of the other preset's ctest run.
set(RL_TSAN_FOLDER "" CACHE STRING "build folder of the tsan preset, when its programs are to be run here")
add_custom_target(concurrent_tests)
get_property(test_programs GLOBAL PROPERTY RL_TEST_PROGRAMS)
foreach(name projections adapters_system adapters_simulation adapters_embedded adapters_crypto adapters_http api)
  if(NOT test_${name} IN_LIST test_programs)
    continue()
  endif()
  add_dependencies(concurrent_tests test_${name})
  if(RL_TSAN_FOLDER)
    add_test(NAME tsan/test_${name} COMMAND ${RL_TSAN_FOLDER}/test_${name} --no-intro)
    # Debian's spdlog is not instrumented: what it does behind its own mutex looks like a race. A test store
    # of the projections folds a batch from inside a snapshot, in one thread, which looks like a lock cycle.
    set(options "halt_on_error=1:ignore_noninstrumented_modules=1")
    if(name STREQUAL "projections")
      string(APPEND options ":detect_deadlocks=0")
    endif()
    set_tests_properties(tsan/test_${name} PROPERTIES TIMEOUT 900 ENVIRONMENT "TSAN_OPTIONS=${options}")
  endif()
endforeach()

# Tests in Python: the rules about the sources, the scripts, and the real program over its real port.
find_program(PYTHON3 python3 REQUIRED)
function(python_tests folder) # tests/<folder>/*_test.py, label = folder; RINGLEDGER names the program
  file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*_test.py)
  foreach(t ${tests})
    get_filename_component(stem ${t} NAME_WE)
    add_test(NAME ${folder}/${stem} COMMAND ${PYTHON3} -B ${t})
    set_tests_properties(${folder}/${stem} PROPERTIES TIMEOUT 900 LABELS ${folder}
                         ENVIRONMENT "RINGLEDGER=$<TARGET_FILE:ringledger>")
  endforeach()
endfunction()
python_tests(structure)
python_tests(requirements)
python_tests(scripts)
python_tests(e2e)
add_test(NAME structure/check_layers COMMAND ${PYTHON3} -B ${PROJECT_SOURCE_DIR}/tests/structure/check_layers.py)
add_test(NAME requirements/check_requirements
         COMMAND ${PYTHON3} -B ${PROJECT_SOURCE_DIR}/tests/requirements/check_requirements.py)

# What scripts/bench needs besides the server; built only on request.
foreach(name load fsync)
  add_executable(bench_${name} EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/bench/${name}.cpp)
  target_link_libraries(bench_${name} PRIVATE rl_flags Threads::Threads)
endforeach()
target_link_libraries(bench_load PRIVATE OpenSSL::Crypto) # it signs webhooks
add_library(bench_count_syncs MODULE EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/bench/count_syncs.cpp)
target_link_libraries(bench_count_syncs PRIVATE rl_flags)
add_custom_target(bench_programs DEPENDS bench_load bench_fsync bench_count_syncs)
