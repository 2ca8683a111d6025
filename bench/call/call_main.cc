// SPDX-License-Identifier: Apache-2.0
// closure_bench_call: the least that a client can be: it asks for one closure, prints its state and ends.
#include <cstdio>
#include <string>

#include "closure/v1/closure_service.grpc.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: closure_bench_call HOST:PORT ACTOR CLOSURE\n");
    return 2;
  }
  const auto stub =
      closure::v1::ClosureService::NewStub(grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.AddMetadata("closure-actor", argv[2]);
  closure::v1::GetClosureRequest request;
  request.set_name(argv[3]);
  closure::v1::Closure response;
  const grpc::Status status = stub->GetClosure(&context, request, &response);
  if (!status.ok()) {
    std::fprintf(stderr, "closure_bench_call: %s\n", status.error_message().c_str());
    return 1;
  }
  std::printf("%s\n", closure::v1::Closure::State_Name(response.state()).c_str());
  return 0;
}
