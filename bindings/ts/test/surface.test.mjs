// What the packed package promises beyond a first run: changes, errors, leaks, processes, tools, and its own README.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Conversation, OpenSkillRuntime, OpenSkillsError, skillTools, SkillWatcher } from '@openskills/runtime';
import { childrenOf, runsUnderWay } from './processes.mjs';

const project = process.cwd();
const workspace = mkdtempSync(join(project, 'work-'));
const examples = process.env.OPENSKILLS_EXAMPLES;
const code = (text, options = {}) => runtime.exec(null, ['python3', '-c', text], { workspace, ...options });
let runtime;

before(async () => {
  runtime = new OpenSkillRuntime(examples);
  await runtime.loadSkills();
});
after(() => runtime.close());

test('an abort ends the process of the run', async () => {
  const abort = new AbortController();
  const run = code('while True: pass', { signal: abort.signal });
  for (let i = 0; i < 500 && runsUnderWay().length === 0; ++i) await sleep(10);
  assert.equal(runsUnderWay().length, 1);
  abort.abort();
  assert.equal((await run).status, 'cancelled');
  for (let i = 0; i < 500 && runsUnderWay().length > 0; ++i) await sleep(10);
  assert.equal(runsUnderWay().length, 0);
});

test('a killed worker takes its run along and no more', async () => {
  const run = code('while True: pass', { timeoutMs: 20_000 });
  for (let i = 0; i < 500 && runsUnderWay().length === 0; ++i) await sleep(10);
  for (const pid of childrenOf(process.pid)) process.kill(Number(pid), 'SIGKILL');
  assert.notEqual((await run).status, 'ok');
  assert.equal((await code('print(1)')).stdout, '1\n');
});

test('each tier of disclosure is there', async () => {
  assert.match((await runtime.prompt()).text, /csv-report/);
  assert.equal((await runtime.prompt({ filter: (skill) => skill.id === 'csv-report' })).skills, 1);
  const conversation = new Conversation();
  assert.match((await runtime.activate('csv-report', { conversation })).text, /script/);
  assert.deepEqual(await conversation.active(), ['csv-report']);
  assert.ok((await runtime.files('csv-report')).some((file) => file.path === 'scripts/report.py'));
  assert.deepEqual(
    Buffer.from(await runtime.read('csv-report', 'SKILL.md')),
    readFileSync(join(examples, 'csv-report/SKILL.md')),
  );
  assert.equal((await runtime.search('csv'))[0].skill.id, 'csv-report');
});

test('changes are found and watched', async () => {
  const skills = mkdtempSync(join(project, 'skills-'));
  const add = (id) => {
    mkdirSync(join(skills, id));
    writeFileSync(join(skills, id, 'SKILL.md'), `---\nname: ${id}\ndescription: A skill.\n---\n`);
  };
  add('one');
  const own = new OpenSkillRuntime(skills);
  await own.loadSkills();
  const watcher = await SkillWatcher.start(skills);
  add('two');
  assert.deepEqual((await own.refresh()).added, ['two']);
  assert.deepEqual((await watcher.wait(20_000)).added, ['two']);
  await watcher.close();
  await own.close();
});

test('output comes while the script runs', async () => {
  const pieces = [];
  await code("print('a', flush=True); print('b')", { onOutput: (stream, data) => void pieces.push([stream, Buffer.from(data)]) });
  assert.equal(Buffer.concat(pieces.map(([, data]) => data)).toString(), 'a\nb\n');
});

test('wrong kinds and hostile values are errors with a code', async () => {
  const deep = JSON.parse('['.repeat(5000) + ']'.repeat(5000));
  const cyclic = {};
  cyclic.self = cyclic;
  for (const call of [
    () => runtime.runScript('csv-report', 5),
    () => runtime.runScript('csv-report', 'x', 'abc'),
    () => runtime.exec(null, ['python3'], { timeOut: 1 }),
    () => runtime.exec(null, ['python3'], { tier: 'fast' }),
    () => runtime.exec(null, ['python3'], { timeoutMs: -1 }),
    () => runtime.exec(null, ['python3'], { environment: { A: 1 } }),
    () => runtime.exec(null, ['a\0b']),
    () => runtime.activate('csv-report', { by: 'nobody' }),
    () => runtime.executeSkill('text-stats-wasm', deep),
    () => runtime.executeSkill('text-stats-wasm', cyclic),
    () => runtime.executeSkill('text-stats-wasm', { text: '\ud800' }),
    () => runtime.read('nobody', 'x'),
    () => runtime.read('csv-report', '../../x'),
  ]) {
    await assert.rejects(async () => call(), (error) => error instanceof OpenSkillsError && error.code !== '', String(call));
  }
  assert.equal((await runtime.executeSkill('nobody')).error.code, 'skill-not-found');
  assert.throws(() => new OpenSkillRuntime({ profile: 'other' }), (error) => error.code === 'invalid-argument');
});

test('ten thousand created and dropped leave nothing behind', async () => {
  const createAndDrop = async (count) => {
    for (let i = 0; i < count; ++i) {
      new OpenSkillRuntime(examples);
      new Conversation();
      if (i % 100 === 0) await sleep(0);
    }
    globalThis.gc?.();
    await sleep(50);
  };
  await createAndDrop(1000);
  const before = readdirSync('/proc/self/fd').length;
  await createAndDrop(10_000);
  assert.ok(readdirSync('/proc/self/fd').length <= before + 2);
});

test('a model gets answers and cannot widen a grant', async () => {
  const tools = skillTools(runtime, { run: { workspace, timeoutMs: 20_000 } });
  assert.match(await tools.systemPrompt(), /csv-report/);
  const answer = await tools.call('exec_command', { command: ['python3', '-c', 'print(input())'], stdin: 'hi' });
  assert.deepEqual(answer, { text: 'hi', isError: false });
  for (const [name, input] of [
    ['fly', {}],
    ['list_skills', '{'],
    ['exec_command', { command: 'ls' }],
    ['exec_command', { command: ['python3'], timeoutMs: 1 }],
    ['read_skill_file', { skill: 'csv-report', path: '../x' }],
    ['activate_skill', { skill: 'nobody' }],
    ['activate_skill', { __proto__: null }],
  ]) {
    assert.equal((await tools.call(name, input)).isError, true, name);
  }
  const names = tools.forAnthropic().map((tool) => tool.name);
  assert.deepEqual(tools.forOpenAI().map((tool) => tool.function.name), names);
  assert.deepEqual(tools.forMcp().map((tool) => tool.name), names);
  assert.deepEqual(Object.keys(tools.forAiSdk()), names);
  assert.match(await tools.forAiSdk().list_skills.execute({}), /csv-report/);
});

test("the README's examples run as printed", () => {
  const folder = mkdtempSync(join(project, 'readme-'));
  cpSync(examples, join(folder, 'skills'), { recursive: true });
  mkdirSync(join(folder, 'work'));
  cpSync(join(examples, 'csv-report/assets/sample.csv'), join(folder, 'work/orders.csv'));
  const readme = readFileSync(process.env.OPENSKILLS_TS_README, 'utf8');
  const blocks = [...readme.matchAll(/```js\n([^]*?)```/g)].map((match) => match[1]);
  assert.ok(blocks.length > 0);
  blocks.forEach((block, n) => {
    writeFileSync(join(folder, `${n}.mjs`), block);
    const ended = spawnSync(process.execPath, [`${n}.mjs`], { cwd: folder, encoding: 'utf8' });
    assert.equal(ended.status, 0, ended.stderr);
    assert.match(ended.stdout, /^ok/);
  });
});
