import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A private key and the self-signed certificate for it, PEM. */
export interface ServerCertificate {
  key: string;
  certificate: string;
}

/** One DER value: tag, length, content. */
const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const objectId = (...bytes: number[]): Buffer => der(0x06, Buffer.from(bytes));
const bitString = (content: Uint8Array): Buffer => der(0x03, Buffer.from([0]), content);
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));

const generalizedTime = (milliseconds: number): Buffer =>
  der(0x18, Buffer.from(`${new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`));

const ecdsaWithSha256 = sequence(objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

/** `CN=text`. */
const distinguishedName = (text: string): Buffer =>
  sequence(der(0x31, sequence(objectId(0x55, 0x04, 0x03), utf8(text))));

const extension = (id: number, value: Uint8Array, critical: boolean): Buffer =>
  sequence(objectId(0x55, 0x1d, id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));

/** It signs itself, so it is an authority too; it is good for loopback only. */
const extensions = (): Buffer => {
  const isAuthority = sequence(der(0x01, Buffer.from([0xff])));
  const usage = der(0x03, Buffer.from([2, 0b10000100]));
  const serverAuth = sequence(objectId(0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01));
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
  const all = [
    extension(0x13, isAuthority, true),
    extension(0x0f, usage, true),
    extension(0x25, serverAuth, false),
    extension(0x11, names, false),
  ];
  return der(0xa3, sequence(...all));
};

const pem = (label: string, content: Uint8Array): string => {
  const lines =
    Buffer.from(content)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

const tenYears = 10 * 365 * 86_400_000;

/**
 * Makes an EC P-256 key and a self-signed X.509 certificate (RFC 5280) for 127.0.0.1 and localhost, valid for ten years
 * from a day before `now`. TLS because kubectl sends bearer tokens over TLS only; made here, so that nothing need be
 * installed.
 */
export const makeCertificate = (now: number): ServerCertificate => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const name = distinguishedName('towline embedded cluster');
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    name,
    sequence(generalizedTime(now - 86_400_000), generalizedTime(now + tenYears)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions(),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = sequence(body, ecdsaWithSha256, bitString(signature));
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  return { key: key.toString(), certificate: pem('CERTIFICATE', certificate) };
};
