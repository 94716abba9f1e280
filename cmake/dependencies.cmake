# Everything from Debian; README "Dependencies" says what for and why.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(OpenSSL REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(doctest REQUIRED)
find_package(PkgConfig REQUIRED)

function(system_library name) # name, the libraries to link
  add_library(${name} INTERFACE)
  target_link_libraries(${name} INTERFACE ${ARGN} Threads::Threads)
endfunction()
system_library(rocksdb -lrocksdb)
system_library(rdkafka -lrdkafka)
system_library(allocator) # of the program; sanitizers bring their own
if(NOT RL_SANITIZE)
  find_library(JEMALLOC jemalloc REQUIRED)
  target_link_libraries(allocator INTERFACE ${JEMALLOC})
endif()
system_library(prometheus -lprometheus-cpp-core)
system_library(httplib -lcpp-httplib OpenSSL::SSL OpenSSL::Crypto -lbrotlicommon -lbrotlidec -lbrotlienc -lz)
target_compile_definitions(httplib INTERFACE CPPHTTPLIB_OPENSSL_SUPPORT CPPHTTPLIB_ZLIB_SUPPORT CPPHTTPLIB_BROTLI_SUPPORT)

system_library(date_tz -ldate-tz)
target_compile_definitions(date_tz INTERFACE USE_OS_TZDB=1)  # as Debian built it

# libphonenumber-dev cannot be installed beside Boost 1.81 (it wants Boost 1.74's thread headers, which
# its own headers do not need): scripts/setup unpacks its headers and points here.
set(RL_PHONENUMBER_ROOT "/opt/ringledger/libphonenumber" CACHE PATH "unpacked libphonenumber-dev")
find_path(PHONENUMBER_INCLUDE phonenumbers/phonenumberutil.h
          HINTS ${RL_PHONENUMBER_ROOT}/usr/include REQUIRED)
system_library(phonenumber /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libphonenumber.so.8 -lprotobuf)
target_include_directories(phonenumber SYSTEM INTERFACE ${PHONENUMBER_INCLUDE})
target_compile_definitions(phonenumber INTERFACE I18N_PHONENUMBERS_USE_STDMUTEX)
