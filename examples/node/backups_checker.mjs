// SPDX-License-Identifier: Apache-2.0
// The checker "backups": what is kept of an account's data and would be lost with it.
//
// A checker outside of closured's process, to begin your own from. What it keeps to is written in
// protos/closure/v1/checker_service.proto, how it is run and configured in examples/README.md.
import { demand, isFence, loadProtos, readArguments, serve, streaming, unary } from './common.mjs';

const NAME = 'backups';
const VERSION = '1.0.0';
const PHASES = ['PREVIEW', 'SCAN', 'CONFIRM', 'FINAL'];
const CONSOLE = 'https://console.example.com/backups/';

const TEXTS = {
  en: {
    why: ({ id, of }) => `The backup ${id} of ${of} is kept, and nobody could restore it without the account.`,
    free: 'Download what you need of it, then delete it or discard it here.',
    locked: 'It is locked. Have the lock lifted by whoever set it, then delete it.',
  },
  zh: {
    why: ({ id, of }) => `${of} 的备份 ${id} 仍在保存，账号注销后无人能够恢复。`,
    free: '请下载所需内容，然后删除该备份，或在此放弃。',
    locked: '该备份已锁定。请由锁定者解除锁定后再删除。',
  },
};

// The texts of a BCP-47 language, by its first part; English where it is not known.
const textsIn = (languageCode) => TEXTS[languageCode.split(/[-_]/)[0].toLowerCase()] ?? TEXTS.en;

// The backups of an account's entry; `repeat` makes many of one, for trying what many items are like.
function loadBackups({ backups = [] }) {
  for (const { id, of, state } of backups) if (!id || !of || !state) throw new Error('a backup has id, of and state');
  return backups.flatMap(({ repeat, ...backup }) => {
    if (!repeat) return [backup];
    return Array.from({ length: repeat }, (_, index) => ({ ...backup, id: `${backup.id}-${index + 1}` }));
  });
}

const nativeIdOf = (backup) => `backup/${backup.id}`;

function itemOf(backup, accountId, languageCode) {
  const texts = textsIn(languageCode);
  return {
    native_id: nativeIdOf(backup),
    kind: 'OTHER_ITEM',
    disposition: backup.locked ? 'MUST_HANDLE' : 'RENOUNCEABLE',
    type: 'backups/backup',
    display_name: `${backup.of} (${backup.id})`,
    why: texts.why(backup),
    resolver: 'OWNER',
    instructions: backup.locked ? texts.locked : texts.free,
    process_uri: CONSOLE + encodeURIComponent(backup.id),
    native_state: backup.state,
    account_id: accountId,
  };
}

// What closured's fingerprint covers: an owner who saw other facts has not agreed to the loss of this item.
function factsOf({ kind, disposition, amount, native_state: state }) {
  return JSON.stringify([kind, disposition, amount ? [amount.currency_code, amount.units, amount.nanos] : null, state]);
}

const nanosOf = ({ seconds, nanos }) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos);

// As of when facts are that are read now: by this clock, and not before the question, whose clock may be ahead.
function factsTime(checkTime) {
  const ms = Date.now();
  const now = { seconds: String(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
  return nanosOf(now) > nanosOf(checkTime) ? now : checkTime;
}

const { listen, protos, source, journal } = readArguments('127.0.0.1:7502', loadBackups);
const { CheckerService } = loadProtos(protos, 'closure/v1/checker_service.proto');

// The backups that are there and not released.
async function present(accountId, signal) {
  const backups = await source.read(accountId, signal);
  const released = new Set(journal.actsOf(accountId));
  return backups.filter((backup) => !released.has(nativeIdOf(backup)));
}

async function describe() {
  return { name: NAME, version: VERSION, phases: PHASES, kinds: ['OTHER_ITEM'] };
}

async function* check(request, signal) {
  demand({ account_id: request.account_id, phase: PHASES.includes(request.phase), check_time: request.check_time });
  const asOfTime = factsTime(request.check_time);
  const backups = await present(request.account_id, signal);
  for (const backup of backups) yield { item: itemOf(backup, request.account_id, request.language_code) };
  yield { summary: { item_count: backups.length, as_of_time: asOfTime, account_id: request.account_id } };
}

async function discard(request, signal) {
  demand({
    account_id: request.account_id,
    closure: request.closure,
    native_id: request.native_id,
    expected: request.expected,
    idempotency_key: request.idempotency_key,
    fence: isFence(request.fence),
  });
  const backups = await present(request.account_id, signal);
  const backup = backups.find((each) => nativeIdOf(each) === request.native_id);
  return judge(request, backup && itemOf(backup, request.account_id, 'en'));
}

// Nothing is awaited here, so of two calls with the same key the second finds what the first one did.
function judge(request, found) {
  const seen = journal.fenceOf(request.account_id);
  let response;
  if (journal.wasDone(request, request.native_id)) {
    response = { outcome: 'RELEASED', detail: 'released by an earlier call' };
  } else if (BigInt(request.fence) < seen) {
    response = { outcome: 'FENCED', detail: `the fence ${seen} was seen` };
  } else if (!found || factsOf(found) !== factsOf(request.expected)) {
    response = { outcome: 'FACTS_MOVED', detail: 'it is not there, or not as it was shown' };
  } else if (found.disposition !== 'RENOUNCEABLE') {
    response = { outcome: 'REFUSED', detail: found.instructions };
  } else {
    journal.do(request, request.native_id);
    return { outcome: 'RELEASED' };
  }
  journal.see(request);
  return response;
}

serve(listen, CheckerService.service, { Describe: unary(describe), Check: streaming(check), Discard: unary(discard) });
