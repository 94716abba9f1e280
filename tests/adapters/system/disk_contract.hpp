// What every Disk keeps: the same promises are asked of POSIX and of the simulated disk.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "commands/ports/disk.hpp"

namespace ringledger::test {

/// Opens a disk and calls `use` with it and an empty folder that exists.
using WithDisk = std::function<void(const std::function<void(Disk&, const std::string& folder)>& use)>;

inline std::unique_ptr<File> opened(Disk& disk, const std::string& path,
                                    Disk::Open how = Disk::Open::create) {
  auto file = disk.open(path, how);
  REQUIRE(file.has_value());
  return std::move(*file);
}

template <class T>
bool refused(const Result<T>& r, Code code) {
  return !r.has_value() && r.error().code == code && !r.error().detail.empty();
}

inline void disk_reads_what_was_written(Disk& disk, const std::string& in) {
  using namespace std::string_literals;
  auto file = opened(disk, in + "/f");
  CHECK(file->size() == 0U);
  CHECK(file->read_at(0, 10) == "");
  REQUIRE(file->write_at(0, "hello").has_value());
  REQUIRE(file->write_at(8, "world").has_value());
  CHECK(file->size() == 13U);
  CHECK(file->read_at(0, 100) == "hello\0\0\0world"s);  // the gap reads as zero
  CHECK(file->read_at(3, 4) == "lo\0\0"s);
  CHECK(file->read_at(13, 1) == "");
  CHECK(file->read_at(1'000'000, 1) == "");
  CHECK(file->read_at(9, 1'000'000) == "orld");
  REQUIRE(file->write_at(1, "EY").has_value());
  REQUIRE(file->write_at(20, "").has_value());
  CHECK(file->size() == 13U);
  CHECK(file->read_at(0, 5) == "hEYlo");
  CHECK(file->sync().has_value());

  std::string large(300'000, 'x');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 % 251);
  REQUIRE(file->write_at(4090, large).has_value());
  CHECK(file->read_at(4090, large.size() + 5) == large);
  CHECK(file->read_at(100'000, 70'000) == large.substr(100'000 - 4090, 70'000));

  auto second = opened(disk, in + "/f", Disk::Open::existing);  // another handle sees it at once
  CHECK(second->read_at(0, 5) == "hEYlo");
  REQUIRE(second->write_at(0, "J").has_value());
  CHECK(file->read_at(0, 5) == "JEYlo");
}

inline void disk_cuts_and_reserves(Disk& disk, const std::string& in) {
  auto file = opened(disk, in + "/f");
  REQUIRE(file->write_at(0, "abcdefgh").has_value());
  REQUIRE(file->truncate(3).has_value());
  CHECK(file->read_at(0, 10) == "abc");
  REQUIRE(file->truncate(6).has_value());
  CHECK(file->read_at(0, 10) == std::string("abc\0\0\0", 6));  // what was cut does not come back
  REQUIRE(file->preallocate(10'000).has_value());
  CHECK(file->size() == 10'000U);
  CHECK(file->read_at(0, 3) == "abc");
  CHECK(file->read_at(3, 9'997) == std::string(9'997, '\0'));
  REQUIRE(file->preallocate(5).has_value());  // never cuts
  CHECK(file->size() == 10'000U);
  REQUIRE(file->preallocate(0).has_value());
  CHECK(file->size() == 10'000U);
}

inline void disk_opens(Disk& disk, const std::string& in) {
  CHECK(refused(disk.open(in + "/f", Disk::Open::existing), Code::not_found));
  CHECK(refused(disk.open(in + "/no folder/f", Disk::Open::create), Code::not_found));
  CHECK(refused(disk.open(in, Disk::Open::create), Code::internal));  // a folder
  CHECK(disk.exists(in + "/f") == false);
  REQUIRE(opened(disk, in + "/f")->write_at(0, "kept").has_value());
  CHECK(disk.exists(in + "/f") == true);
  CHECK(disk.exists(in + "/f/g") == false);  // a file is no folder
  CHECK(opened(disk, in + "/f", Disk::Open::create)->read_at(0, 9) == "kept");
  CHECK(opened(disk, in + "//./f", Disk::Open::existing)->read_at(0, 9) == "kept");
}

inline void disk_folders(Disk& disk, const std::string& in) {
  CHECK(disk.list(in) == std::vector<std::string>{});
  CHECK(disk.list(in + "/absent") == std::vector<std::string>{});
  REQUIRE(disk.make_folders(in + "/b/c/d").has_value());
  REQUIRE(disk.make_folders(in + "/b/c/d/").has_value());  // again: nothing happens
  CHECK(disk.exists(in + "/b/c") == true);
  opened(disk, in + "/b/z");
  opened(disk, in + "/b/a");
  CHECK(disk.list(in + "/b") == std::vector<std::string>{"a", "c", "z"});
  CHECK(disk.list(in + "/b/") == std::vector<std::string>{"a", "c", "z"});
  CHECK(disk.list(in) == std::vector<std::string>{"b"});
  CHECK(refused(disk.make_folders(in + "/b/a/x"), Code::internal));  // a file is in the way
  CHECK(refused(disk.make_folders(in + "/b/a"), Code::internal));
  CHECK(refused(disk.list(in + "/b/a"), Code::internal));
  CHECK(disk.sync_folder(in + "/b").has_value());
  CHECK(refused(disk.sync_folder(in + "/absent"), Code::not_found));
  auto space = disk.free_bytes(in);
  REQUIRE(space.has_value());
  CHECK(*space > 0);
  CHECK(refused(disk.free_bytes(in + "/absent"), Code::not_found));
}

inline void disk_renames_and_removes(Disk& disk, const std::string& in) {
  auto file = opened(disk, in + "/draft");
  REQUIRE(file->write_at(0, "new").has_value());
  REQUIRE(opened(disk, in + "/f")->write_at(0, "old content").has_value());
  REQUIRE(disk.rename(in + "/draft", in + "/f").has_value());  // replaces
  CHECK(disk.exists(in + "/draft") == false);
  CHECK(opened(disk, in + "/f", Disk::Open::existing)->read_at(0, 99) == "new");
  REQUIRE(file->write_at(3, "er").has_value());  // the open handle goes with the file
  CHECK(opened(disk, in + "/f", Disk::Open::existing)->read_at(0, 99) == "newer");
  CHECK(refused(disk.rename(in + "/draft", in + "/g"), Code::not_found));
  CHECK(refused(disk.rename(in + "/f", in + "/absent/f"), Code::not_found));
  REQUIRE(disk.rename(in + "/f", in + "/f").has_value());

  REQUIRE(disk.remove(in + "/f").has_value());
  CHECK(disk.exists(in + "/f") == false);
  CHECK(file->read_at(0, 99) == "newer");  // until it is closed
  CHECK(refused(disk.remove(in + "/f"), Code::not_found));
  CHECK(opened(disk, in + "/f")->size() == 0U);  // a new file
  REQUIRE(disk.make_folders(in + "/folder").has_value());
  CHECK(refused(disk.remove(in + "/folder"), Code::internal));
}

inline void disk_locks(Disk& disk, const std::string& in) {
  auto first = disk.lock(in + "/LOCK");
  REQUIRE(first.has_value());
  CHECK(disk.exists(in + "/LOCK") == true);
  CHECK(refused(disk.lock(in + "/LOCK"), Code::not_writer));
  CHECK(disk.lock(in + "/OTHER").has_value());
  first->reset();
  auto again = disk.lock(in + "/LOCK");
  REQUIRE(again.has_value());
  CHECK(refused(disk.lock(in + "/LOCK"), Code::not_writer));
  CHECK(refused(disk.lock(in + "/absent/LOCK"), Code::not_found));
}

inline void disk_small_files(Disk& disk, const std::string& in) {
  auto path = in + "/HEAD";
  CHECK(refused(read_file(disk, path), Code::not_found));
  REQUIRE(replace_file(disk, path, "first, and rather long").has_value());
  CHECK(read_file(disk, path) == "first, and rather long");
  REQUIRE(opened(disk, path + ".tmp")->write_at(0, "left behind by a crash, longer than all").has_value());
  REQUIRE(replace_file(disk, path, "second").has_value());
  CHECK(read_file(disk, path) == "second");
  CHECK(disk.list(in) == std::vector<std::string>{"HEAD"});
  REQUIRE(replace_file(disk, path, "").has_value());
  CHECK(read_file(disk, path) == "");
  CHECK(refused(replace_file(disk, in + "/absent/HEAD", "x"), Code::not_found));
}

/// Call it inside one TEST_CASE.
inline void disk_contract(const WithDisk& with) {
  SUBCASE("reads what was written, from any handle") { with(disk_reads_what_was_written); }
  SUBCASE("cuts files and reserves room in them") { with(disk_cuts_and_reserves); }
  SUBCASE("opens what is there, makes what is wanted") { with(disk_opens); }
  SUBCASE("makes and lists folders") { with(disk_folders); }
  SUBCASE("renames over what was there, and removes") { with(disk_renames_and_removes); }
  SUBCASE("a lock excludes until it is let go") { with(disk_locks); }
  SUBCASE("a small file is replaced as a whole") { with(disk_small_files); }
}

}  // namespace ringledger::test
