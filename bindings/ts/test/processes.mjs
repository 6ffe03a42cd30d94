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

/** The children of a process, as text; none once it is gone. */
export const childrenOf = (pid) =>
  whileThere(() => readdirSync(`/proc/${pid}/task`), []).flatMap((task) =>
    whileThere(() => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'), '').split(' ').filter(Boolean));
