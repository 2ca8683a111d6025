// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_TESTS_SUPPORT_SCRATCH_DIRECTORY_H_
#define CLOSURE_TESTS_SUPPORT_SCRATCH_DIRECTORY_H_

#include <string>

namespace closure {

// A fresh directory that is removed with everything in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace closure

#endif  // CLOSURE_TESTS_SUPPORT_SCRATCH_DIRECTORY_H_
