import { describe, expect, it } from 'vitest';
import { Fault } from '$lib/api/fault';
import { faultAt, faultBeside } from './field-fault';

const fault = new Fault('password: a password has at least 8 characters', 400, 'invalid_request', 'password');

describe('faultAt', () => {
  it('says it without the name of the field', () => {
    expect(faultAt(fault, 'password')).toBe('A password has at least 8 characters');
  });
  it('is silent about other fields', () => {
    expect(faultAt(fault, 'name')).toBeNull();
    expect(faultAt(fault, 'pass')).toBeNull();
    expect(faultAt(null, 'name')).toBeNull();
  });
  it('takes what is wrong within a field', () => {
    const within = new Fault('ALIASES.a: must be text', 400, 'invalid_request', 'ALIASES.a');
    expect(faultAt(within, 'ALIASES')).toBe('Must be text');
  });
});

describe('faultBeside', () => {
  it('keeps what no field shows', () => {
    expect(faultBeside(fault, ['name', 'password'])).toBeNull();
    expect(faultBeside(fault, ['name'])).toBe(fault);
  });
});
