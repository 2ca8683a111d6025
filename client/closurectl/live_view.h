// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_CLIENT_CLOSURECTL_LIVE_VIEW_H_
#define CLOSURE_CLIENT_CLOSURECTL_LIVE_VIEW_H_

#include <map>
#include <string>

#include "client/closurectl/session.h"
#include "closure/v1/closure.pb.h"

namespace closure {

// Shows a closure that changes: on a terminal as a picture that is drawn over, elsewhere as one line for each thing
// that changed, in the JSON formats as one line for each change. Writes to the data stream, or to the message stream
// for commands whose data is something else. Not for several threads.
class LiveView {
 public:
  enum class Stream { kData, kMessages };

  LiveView(Session& session, Stream stream);

  void Show(const v1::Closure& closure);
  // From now on other things stand below the last picture: the next one is drawn below them.
  void LeavePicture() { lines_drawn_ = 0; }

 private:
  void Draw(const v1::Closure& closure);
  void PrintDifferences(const v1::Closure& closure);
  void PrintDifference(const v1::Closure& closure, const std::string& subject, const std::string& text);
  void Write(absl::string_view text);

  Session& session_;
  const Stream stream_;
  // How many lines the last picture had.
  int lines_drawn_ = 0;
  // What was last printed about each thing.
  std::map<std::string, std::string> printed_;
};

}  // namespace closure

#endif  // CLOSURE_CLIENT_CLOSURECTL_LIVE_VIEW_H_
