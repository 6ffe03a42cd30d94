// What the tests look at of processes.
import { readdirSync, readFileSync } from 'node:fs';

/** What `read` answers; `otherwise` once the process or thread it reads of is gone. */
const whileThere = (read, otherwise) => {
  try {
    return read();
  } catch (problem) {
    if (problem.code === 'ENOENT' || problem.code === 'ESRCH') return otherwise;
    throw problem;
  }
};

/** The children of this process's worker that have computed for a while: runs, and not one that waits for the next run. */
export const runsUnderWay = () =>
  childrenOf(process.pid).flatMap(childrenOf).filter((pid) => {
    const [state, ...fields] = whileThere(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), ') Z').replace(/^.*\) /s, '').split(' ');
    const userTicks = Number(fields[10]); // field 14 of proc(5); the state is the third
    return state !== 'Z' && userTicks >= 3;
  });

/** The children of a process, as text; none once it is gone. */
export const childrenOf = (pid) =>
  whileThere(() => readdirSync(`/proc/${pid}/task`), []).flatMap((task) =>
    whileThere(() => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'), '').split(' ').filter(Boolean));
