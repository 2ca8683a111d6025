// SPDX-License-Identifier: Apache-2.0
// What a checker and a participant in Node have in common: their arguments, the system that they ask, the journal of
// what they did, and how they serve.
import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const STOP_MS = 5000; // how long calls under way may take to end
const MESSAGE_BYTES_MAX = 64 << 10;

const OPTIONS = {
  listen: { type: 'string' },
  data: { type: 'string' },
  journal: { type: 'string' },
  protos: { type: 'string', default: fileURLToPath(new URL('../../protos', import.meta.url)) },
};

// What was typed, with the source and the journal opened; `load` makes what it wants of one account's entry of the data
// file. Ends the process with 2 where something is wrong.
export function readArguments(listenByDefault, load) {
  try {
    const { listen = listenByDefault, data, journal, protos } = parseArgs({ options: OPTIONS }).values;
    const port = /^.+:(\d{1,5})$/.exec(listen)?.[1];
    if (port === undefined || port > 65535) throw new Error(`--listen ${listen} is not HOST:PORT`);
    if (!data) throw new Error('--data FILE is required');
    if (!journal) throw new Error('--journal FILE is required');
    if (!fs.existsSync(protos)) throw new Error(`--protos ${protos}: there is no such directory`);
    return { listen, protos, source: new Source(data, load), journal: new Journal(journal) };
  } catch (error) {
    console.error(`${path.basename(process.argv[1])}: ${error.message}`);
    return process.exit(2);
  }
}

// The system that is asked: here a JSON file, where yours is called over the network. It is read for every question,
// because as_of_time promises facts that are no older than the question.
class Source {
  #file;
  #load;

  constructor(file, load) {
    this.#file = file;
    this.#load = load;
    const accounts = this.#accounts();
    for (const id of Object.keys(accounts)) this.#entry(accounts, id);
  }

  #accounts() {
    try {
      const { accounts } = JSON.parse(fs.readFileSync(this.#file, 'utf8'));
      if (!accounts) throw new Error('there are no "accounts" in it');
      return accounts;
    } catch (error) {
      throw new Error(`--data ${this.#file}: ${error.message}`);
    }
  }

  // An account that is not known has nothing.
  #entry(accounts, id) {
    try {
      const account = accounts[id] ?? {};
      return { ...account, loaded: this.#load(account) };
    } catch (error) {
      throw new Error(`--data ${this.#file}: account ${id}: ${error.message}`);
    }
  }

  // What `load` made of an account's entry. `signal` ends the question. Errors: UNAVAILABLE.
  async read(id, signal) {
    let entry;
    try {
      entry = this.#entry(this.#accounts(), id);
    } catch (error) {
      throw status(grpc.status.UNAVAILABLE, error.message);
    }
    if (entry.failing) throw status(grpc.status.UNAVAILABLE, 'the system behind it is down');
    if (entry.slow) await hang(id, signal);
    return entry.loaded;
  }
}

// Waits as for a system that does not answer, without a thread, until the caller goes away or its deadline passes.
function hang(id, signal) {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      console.error(`the call for ${id} was given up`);
      reject(status(grpc.status.CANCELLED, 'the call was given up'));
    });
  });
}

// What was seen and done, one JSON object a line, on the disk before anybody is told of it. One process writes it.
//
// A line without a key is a fence that was seen, one with a key something that was done. The line is the act: a program
// whose system acts by itself passes the idempotency key on to it, writes the line when it is done, and answers then.
//
// Nothing is awaited while it is asked and written, so two calls never do the same.
class Journal {
  #fences = new Map(); // account -> the highest that was seen
  #keys = new Map(); // idempotency key -> what was done with it
  #acts = new Map(); // account -> what was done, in order
  #file;

  constructor(file) {
    const isNew = !fs.existsSync(file);
    this.#file = fs.openSync(file, 'a+');
    this.#read(file);
    // Lines that a killed process left behind may be in memory only; from here on they are believed.
    fs.fsyncSync(this.#file);
    if (isNew) syncFolder(path.dirname(file));
  }

  #read(file) {
    const text = fs.readFileSync(file);
    // A last line without an end was never answered for: the process ended while it wrote.
    const whole = text.lastIndexOf('\n') + 1;
    text.subarray(0, whole).toString().split('\n').slice(0, -1).forEach((line, index) => {
      try {
        this.#take(JSON.parse(line));
      } catch (error) {
        throw new Error(`--journal ${file}: line ${index + 1} is damaged: ${error.message}`);
      }
    });
    fs.ftruncateSync(this.#file, whole);
  }

  #take(entry) {
    const fence = BigInt(entry.fence);
    if (fence > this.fenceOf(entry.account_id)) this.#fences.set(entry.account_id, fence);
    if (entry.key === undefined) return;
    this.#keys.set(entry.key, entry);
    if (!this.#acts.has(entry.account_id)) this.#acts.set(entry.account_id, []);
    this.#acts.get(entry.account_id).push(entry.done);
  }

  #append(entry) {
    try {
      fs.appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
      fs.fsyncSync(this.#file);
    } catch (error) {
      // What is on the disk is not known now, and only reading it again can tell: end, and be started again.
      console.error(`the journal cannot be written: ${error.message}`);
      process.exit(1);
    }
    this.#take(entry);
  }

  fenceOf(accountId) {
    return this.#fences.get(accountId) ?? 0n;
  }

  // What was done to an account, in order.
  actsOf(accountId) {
    return this.#acts.get(accountId) ?? [];
  }

  // Whether this was done before with the request's key. Errors: INVALID_ARGUMENT where the key was used for another.
  wasDone(request, what) {
    const entry = this.#keys.get(request.idempotency_key);
    if (entry && (entry.account_id !== request.account_id || entry.done !== what)) {
      throw invalid('idempotency_key was used for something else');
    }
    return entry !== undefined;
  }

  // Remembers a request's fence although nothing is done.
  see({ account_id, fence }) {
    if (BigInt(fence) > this.fenceOf(account_id)) this.#append({ account_id, fence });
  }

  // Does what a request asks for.
  do({ account_id, fence, idempotency_key }, what) {
    this.#append({ account_id, fence, key: idempotency_key, done: what });
  }
}

// A new file's name is kept by its folder.
function syncFolder(folder) {
  const opened = fs.openSync(folder, 'r');
  fs.fsyncSync(opened);
  fs.closeSync(opened);
}

// An error as gRPC answers it.
const status = (code, details) => Object.assign(new Error(details), { code, details });
export const invalid = (details) => status(grpc.status.INVALID_ARGUMENT, details);

// Refuses a request unless every field has something in it.
export function demand(fields) {
  for (const [name, value] of Object.entries(fields)) if (!value) throw invalid(`${name} is missing or not valid`);
}

// An int64 comes as text, because a number of JavaScript holds 53 bits of it.
export const isFence = (fence) => BigInt(fence) > 0n;

// An error of ours is the answer; any other is a fault of this program, told in its log and not to the caller.
function toStatus(error) {
  if (Number.isInteger(error.code)) return error;
  console.error(error);
  return status(grpc.status.INTERNAL, 'a fault of the program; its log tells more');
}

// Ends when the caller goes away or its deadline passes.
function signalOf(call) {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  return controller.signal;
}

// A method with one response: answer(request, signal) promises it.
export const unary = (answer) => (call, callback) => {
  answer(call.request, signalOf(call)).then(
    (response) => callback(null, response),
    (error) => callback(toStatus(error)),
  );
};

// A method with many: answer(request, signal) generates them. The next one is made when there is room for it, so a
// reader who stops reading holds up this call and no other, and fills no memory.
export const streaming = (answer) => async (call) => {
  const signal = signalOf(call);
  try {
    for await (const response of answer(call.request, signal)) {
      if (signal.aborted) return;
      if (!call.write(response)) await once(call, 'drain', { signal });
    }
    call.end();
  } catch (error) {
    // Whoever gave the call up is not told anything.
    if (!signal.aborted) call.emit('error', toStatus(error));
  }
};

// The services of a file of the protos; fields are named as there.
export function loadProtos(protos, file) {
  const definition = protoLoader.loadSync(file, {
    includeDirs: [protos], keepCase: true, longs: String, enums: String, defaults: true,
  });
  return grpc.loadPackageDefinition(definition).closure.v1;
}

// Serves until SIGTERM or SIGINT, then lets calls under way end.
export function serve(listen, service, methods) {
  const server = new grpc.Server({ 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX });
  server.addService(service, methods);
  server.bindAsync(listen, grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) {
      console.error(`${listen} cannot be listened on: ${error.message}`);
      process.exit(1);
    }
    console.log(`ready on ${listen.slice(0, listen.lastIndexOf(':'))}:${port}`);
  });
  const stop = () => {
    server.tryShutdown(() => process.exit(0));
    setTimeout(() => server.forceShutdown(), STOP_MS).unref();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}
