// Carries out the cases of one request through the npm package, for tests/parity/compare.py.
//
//   driver.mjs REQUEST_FILE     prints a JSON list: of each case the answer, or the error of the call
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// From the project in which the package is installed.
const { Conversation, OpenSkillRuntime, OpenSkillsError, SkillWatcher } = createRequire(join(process.cwd(), 'x.js'))(
  '@openskills/runtime',
);

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A copy with every member's name changed; what stands below `environment` are the caller's own names. */
function renamed(value, change) {
  if (Array.isArray(value)) return value.map((one) => renamed(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [change(name), name === 'environment' ? one : renamed(one, change)]),
  );
}

function bytesOrText(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return [...bytes];
  }
}

async function run(runtime, { call, takes, options: given = {}, streamed, cancel_after_ms }) {
  const options = renamed(given, camel);
  const pieces = { stdout: [], stderr: [] };
  if (streamed) options.onOutput = (stream, data) => void pieces[stream].push(data);
  if (cancel_after_ms !== undefined) options.signal = AbortSignal.timeout(cancel_after_ms);
  const outcome = await {
    execute_skill: () => runtime.executeSkill(takes.id, takes.input, options),
    run_script: () => runtime.runScript(takes.id, takes.script, takes.arguments, options),
    exec: () => runtime.exec(takes.id === '' ? null : takes.id, takes.command, options),
    run_module: () => runtime.runModule(takes.path, takes.arguments, options),
  }[call]();
  const answer = outcome.toJSON();
  if (streamed) {
    answer.streamed = { stdout: Buffer.concat(pieces.stdout).toString(), stderr: Buffer.concat(pieces.stderr).toString() };
  }
  return answer;
}

async function conversation(runtime, takes) {
  const talk = new Conversation();
  const texts = [];
  for (let i = 0; i < 2; ++i) texts.push((await runtime.activate(takes.id, { conversation: talk })).text);
  return {
    texts,
    active: await talk.active(),
    covers: await talk.covers(takes.path),
    render_again: await talk.renderAgain(takes.each, takes.all),
    active_after: await talk.active(),
  };
}

function changeFiles({ write = {} }) {
  for (const [path, text] of Object.entries(write)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

async function carryOut(runtime, test) {
  const { call, takes } = test;
  const filter = takes.only && ((skill) => takes.only.includes(skill.id));
  const { only: _, ...rest } = takes;
  const calls = {
    load_skills: () => null,
    refresh: () => (changeFiles(test), runtime.refresh()),
    watch: async () => {
      const watcher = await SkillWatcher.start(renamed(test.runtime, camel));
      changeFiles(test);
      const changes = await watcher.wait(20_000);
      watcher.close();
      return changes;
    },
    conversation: () => conversation(runtime, takes),
    skills: () => runtime.skills(),
    diagnostics: () => runtime.diagnostics(),
    prompt: () => runtime.prompt({ ...renamed(rest, camel), ...(filter && { filter }) }),
    activate: () => runtime.activate(takes.id, renamed(takes.request, camel)),
    manifest: () => runtime.manifest(takes.id),
    files: () => runtime.files(takes.id),
    read: async () => bytesOrText(await runtime.read(takes.id, takes.path)),
    search: () => runtime.search(takes.query, takes.limit, filter),
  };
  if (!Object.hasOwn(calls, call)) return run(runtime, test);
  return renamed(await calls[call](), snake);
}

async function answerTo(test) {
  let runtime;
  try {
    runtime = new OpenSkillRuntime(renamed(test.runtime, camel));
    await runtime.loadSkills();
    return await carryOut(runtime, test);
  } catch (thrown) {
    if (!(thrown instanceof OpenSkillsError)) throw thrown;
    return { error: { code: thrown.code, message: thrown.message, hint: thrown.hint } };
  } finally {
    await runtime?.close();
  }
}

const answers = [];
for (const test of JSON.parse(readFileSync(process.argv[2], 'utf8'))) answers.push(await answerTo(test));
console.log(JSON.stringify(answers));
