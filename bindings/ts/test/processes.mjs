// What the tests look at of processes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The children of a process, as text. */
export const childrenOf = (pid) =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const path = `/proc/${pid}/task/${task}/children`;
    return existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean) : [];
  });
