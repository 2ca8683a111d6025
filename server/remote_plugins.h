// SPDX-License-Identifier: Apache-2.0
#ifndef CLOSURE_SERVER_REMOTE_PLUGINS_H_
#define CLOSURE_SERVER_REMOTE_PLUGINS_H_

#include <memory>

#include "checkers/checker.h"
#include "closure/config/v1/server_config.pb.h"
#include "server/participants/participant.h"
#include "server/plugin_news.h"

// The checkers and participants outside the process, as the configuration tells of them. Each has a connection of its
// own, which is made when it is first used, so that the server starts while they are away; a participant is asked who
// it is at the start. Any thread.
namespace closure {

// `config` is complete and valid (config.h) and has `remote`; `news` hears when nobody answers there, and when somebody
// does again.
std::shared_ptr<Checker> ConnectChecker(const config::v1::CheckerConfig& config, std::shared_ptr<PluginNews> news);

// Where it takes part is what the configuration says; its version is not known.
std::shared_ptr<Participant> ConnectParticipant(const config::v1::ParticipantConfig& config);

}  // namespace closure

#endif  // CLOSURE_SERVER_REMOTE_PLUGINS_H_
