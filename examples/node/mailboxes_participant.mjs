// SPDX-License-Identifier: Apache-2.0
// The participant "mailboxes": it freezes an account's mailboxes when its closure is confirmed, and deletes them at the
// end of it.
//
// A participant outside of closured's process, to begin your own from. What it keeps to is written in
// protos/closure/v1/participant_service.proto, how it is run and configured in examples/README.md.
import { demand, invalid, isFence, loadProtos, readArguments, serve, unary } from './common.mjs';

const NAME = 'mailboxes';
const VERSION = '1.0.0';
// Whoever freezes has to undo it, by THAW and by RESTORE. Data is deleted in stage 2: debts are settled before it, and
// the account itself goes after it.
const STAGES = [
  { phase: 'FREEZE', stage: 1 },
  { phase: 'THAW', stage: 1 },
  { phase: 'DELETE', stage: 2 },
  { phase: 'RESTORE', stage: 1 },
];
const DID = { FREEZE: 'froze', THAW: 'thawed', DELETE: 'deleted', RESTORE: 'restored' };

const takesPart = ({ phase, stage }) => STAGES.some((each) => each.phase === phase && each.stage === stage);

function loadMailboxes({ mailboxes = [] }) {
  if (!Array.isArray(mailboxes)) throw new Error('mailboxes is not a list');
  return mailboxes;
}

const { listen, protos, source, journal } = readArguments('127.0.0.1:7503', loadMailboxes);
const { ParticipantService } = loadProtos(protos, 'closure/v1/participant_service.proto');

async function describe() {
  return { name: NAME, version: VERSION, stages: STAGES };
}

async function perform(request, signal) {
  demand({
    phase: request.phase !== 'PARTICIPANT_PHASE_UNSPECIFIED',
    stage: request.stage > 0,
    account_id: request.account_id,
    closure: request.closure,
    idempotency_key: request.idempotency_key,
    fence: isFence(request.fence),
  });
  if (!takesPart(request)) throw invalid(`${NAME} takes no part in stage ${request.stage} of phase ${request.phase}`);
  return act(request, await source.read(request.account_id, signal));
}

// Nothing is awaited here, so of two calls with the same key the second finds what the first one did. The journal says
// what became of the mailboxes, so what is asked for again with another key changes nothing.
function act(request, mailboxes) {
  const seen = journal.fenceOf(request.account_id);
  if (journal.wasDone(request, request.phase)) {
    journal.see(request);
    return { outcome: 'DONE', detail: 'done by an earlier call' };
  }
  if (BigInt(request.fence) < seen) return { outcome: 'FENCED', detail: `the fence ${seen} was seen` };
  const areGone = journal.actsOf(request.account_id).includes('DELETE');
  journal.do(request, request.phase);
  const did = areGone ? 'the mailboxes were deleted before' : `${DID[request.phase]} ${mailboxes.length} mailboxes`;
  return { outcome: 'DONE', detail: did };
}

serve(listen, ParticipantService.service, { DescribeParticipant: unary(describe), Perform: unary(perform) });
