// SPDX-License-Identifier: Apache-2.0
#include "protos/suggestion.h"

#include <algorithm>

namespace closure {

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> distance(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) distance[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) distance[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = distance[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      distance[i][j] = std::min({distance[i - 1][j] + 1, distance[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        distance[i][j] = std::min(distance[i][j], distance[i - 2][j - 2] + 1);
      }
    }
  }
  return distance[a.size()][b.size()];
}

std::string NearestWord(absl::string_view misspelt, const std::vector<std::string>& known) {
  constexpr size_t kLengthMax = 64;
  if (misspelt.size() > kLengthMax) return "";
  std::string nearest;
  size_t least = std::max<size_t>(1, misspelt.size() / 3) + 1;
  for (const std::string& word : known) {
    const size_t distance = EditDistance(misspelt, word);
    if (distance < least) {
      least = distance;
      nearest = word;
    }
  }
  return nearest;
}

}  // namespace closure
