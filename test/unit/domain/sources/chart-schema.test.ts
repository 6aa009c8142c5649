import { describe, expect, it } from 'vitest';
import { outsideReference } from '../../../../src/domain/sources/chart-schema.ts';

describe('references of a values schema', () => {
  it.each<[string, string | undefined]>([
    ['{ "type": "object" }', undefined],
    ['{ "$ref": "#/definitions/a" }', undefined],
    ['{ "$schema": "http://json-schema.org/draft-07/schema#" }', undefined],
    ['{ "$schema": "https://json-schema.org/draft/2020-12/schema" }', undefined],
    ['{ "$id": "port", "allOf": [{ "$ref": "port" }] }', undefined],
    ['{ "$ref": "https://a.example/x.json" }', 'https://a.example/x.json'],
    ['{ "properties": { "a": { "items": [{ "$ref": "file:///etc/passwd" }] } } }', 'file:///etc/passwd'],
    ['{ "$ref": "x.json" }', 'x.json'],
    ['{ "$dynamicRef": "//a.example/x" }', '//a.example/x'],
    ['{ "$schema": "https://a.example/draft" }', 'https://a.example/draft'],
    [`${'{"a":'.repeat(300)}1${'}'.repeat(300)}`, 'more than 200 levels'],
    ['no JSON', undefined],
  ])('%s leads to %s', (text, reference) => {
    expect(outsideReference(text)).toBe(reference);
  });
});
