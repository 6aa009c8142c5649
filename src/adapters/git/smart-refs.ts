import { unreachable } from './git-errors.ts';
import type { ObjectFormat } from './object-store.ts';
import { readPackets, textOf, writePackets } from './pkt-line.ts';
import type { SmartHttp } from './smart-http.ts';
import type { RemoteRefs } from './transport.ts';

/** What a server of protocol version 2 can do. */
export interface Capabilities {
  objectFormat: ObjectFormat;
  /** Tells what HEAD of an empty repository will be. */
  unborn: boolean;
  /** Takes names of refs where ids are wanted. */
  refInWant: boolean;
  /** May be sent with a command. */
  sendsFormat: boolean;
}

/** Asks what the server can do. Undefined: it does not speak protocol version 2. */
export const readCapabilities = async (http: SmartHttp): Promise<Capabilities | undefined> => {
  const lines: string[] = [];
  for await (const packet of readPackets(await http.advertisement())) {
    if (packet.type === 'data') lines.push(textOf(packet.data));
  }
  const start = lines.indexOf('version 2');
  if (start === -1) return undefined;
  const features = lines.slice(start + 1);
  const format = features.find((line) => line.startsWith('object-format='));
  return {
    objectFormat: format === 'object-format=sha256' ? 'sha256' : 'sha1',
    unborn: features.some((line) => line.startsWith('ls-refs=') && line.includes('unborn')),
    refInWant: features.some((line) => line.startsWith('fetch=') && line.includes('ref-in-want')),
    sendsFormat: format !== undefined,
  };
};

/** Opening lines of a command. */
export const commandLines = (name: string, { sendsFormat, objectFormat }: Capabilities): string[] => [
  `command=${name}`,
  ...(sendsFormat ? [`object-format=${objectFormat}`] : []),
];

/** Lists the refs under these prefixes; HEAD is always among them. Source: gitprotocol-v2(5), ls-refs. */
export const listSmartRefs = async (
  http: SmartHttp,
  url: string,
  capabilities: Capabilities,
  prefixes: readonly string[],
): Promise<RemoteRefs> => {
  const body = writePackets([
    ...commandLines('ls-refs', capabilities),
    { type: 'delimiter' },
    'peel',
    'symrefs',
    ...(capabilities.unborn ? ['unborn'] : []),
    ...['HEAD', ...prefixes].map((prefix) => `ref-prefix ${prefix}`),
    { type: 'flush' },
  ]);
  const ids = new Map<string, { id: string; peeled?: string }>();
  let head: string | undefined;
  for await (const packet of readPackets(await http.command(body))) {
    if (packet.type !== 'data') continue;
    const line = textOf(packet.data);
    if (line.startsWith('ERR ')) throw unreachable(url, `the server says: ${line.slice(4)}`);
    const [id = '', name = '', ...attributes] = line.split(' ');
    const peeled = attribute(attributes, 'peeled:');
    if (id !== 'unborn') ids.set(name, { id, ...(peeled && { peeled }) });
    if (name === 'HEAD') head = attribute(attributes, 'symref-target:') ?? head;
  }
  return { ids, ...(head !== undefined && ids.size > 0 && { head }) };
};

const attribute = (attributes: readonly string[], prefix: string): string | undefined =>
  attributes.find((text) => text.startsWith(prefix))?.slice(prefix.length);
