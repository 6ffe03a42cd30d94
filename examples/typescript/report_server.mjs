// A small web service: POST a CSV file, get a Markdown report, made by a skill in the sandbox.
//
//   node report_server.mjs SKILLS_DIR [PORT]
//   curl --data-binary @orders.csv 'http://127.0.0.1:8080/report?group-by=region'
//
// Each request has a folder of its own, which is gone afterwards. A client that hangs up ends its run.
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OpenSkillRuntime } from '@openskills/runtime';

const MOST_BYTES = 16 * 1024 * 1024;
const STATUS = { ok: 200, failed: 422, timeout: 504, limit: 413 };

function bounded(most) {
  let seen = 0;
  return new Transform({
    transform(chunk, _encoding, done) {
      seen += chunk.length;
      done(seen > most ? new RangeError('the file is too large') : null, chunk);
    },
  });
}

async function report(runtime, request, url, signal) {
  const workspace = await mkdtemp(join(tmpdir(), 'report-'));
  try {
    await pipeline(request, bounded(MOST_BYTES), createWriteStream(join(workspace, 'data.csv')));
    const group = url.searchParams.get('group-by');
    const args = ['data.csv', '--output', 'report.md', ...(group === null ? [] : ['--group-by', group])];
    const outcome = await runtime.runScript('csv-report', 'scripts/report.py', args, { workspace, timeoutMs: 20_000, signal });
    if (outcome.ok) return { status: 200, type: 'text/markdown', body: await readFile(join(workspace, 'report.md')) };
    const why = outcome.error?.message ?? (outcome.stderr.trim() || outcome.status);
    return { status: STATUS[outcome.status] ?? 500, type: 'text/plain', body: `${why}\n` };
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

async function answer(runtime, request, response) {
  const url = new URL(request.url, 'http://localhost');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let result = { status: 404, type: 'text/plain', body: 'POST a CSV file to /report\n' };
  try {
    if (request.method === 'POST' && url.pathname === '/report') result = await report(runtime, request, url, gone.signal);
  } catch (thrown) {
    result = { status: thrown instanceof RangeError ? 413 : 500, type: 'text/plain', body: `${thrown.message}\n` };
  }
  response.writeHead(result.status, { 'content-type': `${result.type}; charset=utf-8`, connection: 'close' }).end(result.body);
}

const [skills, port = '8080'] = process.argv.slice(2);
const runtime = new OpenSkillRuntime({ skills: [skills], maxConcurrentRuns: 8 });
await runtime.loadSkills();
const server = createServer((request, response) => void answer(runtime, request, response));
server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/report`));
process.once('SIGTERM', async () => {
  server.close();
  await runtime.close();
});
