// Makes protobuf-fields.json, the field numbers of Kubernetes' messages, out of the Go modules' struct tags:
//   node src/local/kubernetes/schema/generate-protobuf.ts "$(go env GOMODCACHE)/k8s.io" v0.35.4
// Go clients (kubectl create among them) write protobuf whatever a server says.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [modules = '', version = ''] = process.argv.slice(2);
const table: { definitions: Record<string, unknown>; resources: { type: string }[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'builtin-types.json'), 'utf8'),
);

const structPattern = /^type (\w+) struct \{\n([\s\S]*?)^\}/gm;
const fieldPattern = /^\s+(?:(\w+)\s+)?([\w.*[\]]+)\s+`json:"([^",]*)([^"]*)"[^`]*?protobuf:"\w+,(\d+)/gm;

/** `core/v1` → `core.v1`, with the groups that OpenAPI names differently. */
const packageOf = (path: string): string =>
  path
    .replace(/\/types[^/]*\.go$/, '')
    .split('/')
    .slice(-2)
    .join('.');

const messages = new Map<string, Record<string, string>>();

/** A field: `*` a pointer (its zero is a value), `^` bytes, `~` inlined (with its message's name). */
const fieldText = (packageName: string, type: string, name: string, options: string): string => {
  if (options.includes('inline')) {
    const message = type.replace('*', '');
    const [alias, inner = ''] = message.includes('.') ? message.split('.') : [packageName, message];
    return `~${alias === 'v1' ? 'core.v1' : alias === 'metav1' ? 'meta.v1' : packageName}.${inner}`;
  }
  if (type.endsWith('[]byte')) return `^${name}`;
  return type.startsWith('*') ? `*${name}` : name;
};

const read = (root: string, file: string): void => {
  const packageName = packageOf(file);
  for (const [, struct = '', body = ''] of readFileSync(join(root, file), 'utf8').matchAll(structPattern)) {
    const fields: Record<string, string> = {};
    for (const [, , type = '', name = '', options = '', number = ''] of body.matchAll(fieldPattern)) {
      fields[number] = fieldText(packageName, type, name, options);
    }
    if (Object.keys(fields).length > 0) messages.set(`${packageName}.${struct}`, fields);
  }
};

const api = join(modules, `api@${version}`);
for (const file of globSync('*/v*/types*.go', { cwd: api })) read(api, file);
const meta = join(modules, `apimachinery@${version}`);
read(meta, 'pkg/apis/meta/v1/types.go');

const wanted = new Set([...Object.keys(table.definitions), 'meta.v1.DeleteOptions']);
for (const name of wanted) {
  for (const field of Object.values(messages.get(name) ?? {})) if (field.startsWith('~')) wanted.add(field.slice(1));
}
const lines = [...messages]
  .filter(([name]) => wanted.has(name))
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, fields]) => `${JSON.stringify(name)}: ${JSON.stringify(fields)}`);
writeFileSync(join(import.meta.dirname, 'protobuf-fields.json'), `{\n${lines.join(',\n')}\n}\n`);
