export interface Person {
  name: string;
  email: string;
}

/** What a commit says about itself. */
export interface CommitObject {
  id: string;
  tree: string;
  parents: string[];
  author: Person;
  committer: Person;
  /** The committer's time, ISO 8601. */
  timestamp: string;
  message: string;
}

const PERSON = /^(.*) ?<(.*)> (\d+) ([+-]\d{4})$/;

/** Parses a commit object's text: header lines up to the first empty line, then the message. */
export const parseCommitObject = (id: string, text: string): CommitObject => {
  const end = text.indexOf('\n\n');
  const header = end === -1 ? text : text.slice(0, end);
  const lines = header.split('\n').map((line) => line.split(/ (.*)/s));
  const all = (key: string): string[] => lines.flatMap(([name, value = '']) => (name === key ? [value] : []));
  const committer = all('committer')[0] ?? '';
  const seconds = Number(PERSON.exec(committer)?.[3] ?? 0);
  return {
    id,
    tree: all('tree')[0] ?? '',
    parents: all('parent'),
    author: person(all('author')[0] ?? ''),
    committer: person(committer),
    timestamp: new Date(seconds * 1000).toISOString(),
    message: end === -1 ? '' : text.slice(end + 2).replace(/\n$/, ''),
  };
};

const person = (line: string): Person => {
  const [, name = '', email = ''] = PERSON.exec(line) ?? [];
  return { name: name.trim(), email };
};
