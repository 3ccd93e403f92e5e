/** What a program says is wrong, told at the field that it is about. */
import type { Fault } from '$lib/api/fault';

/** The fault's words where it is about this field or a part of it, else null. */
export function faultAt(fault: Fault | null, field: string): string | null {
  if (fault?.param == null) return null;
  if (fault.param !== field && !fault.param.startsWith(`${field}.`)) return null;
  const prefix = `${fault.param}: `;
  const message = fault.message.startsWith(prefix) ? fault.message.slice(prefix.length) : fault.message;
  return message.charAt(0).toUpperCase() + message.slice(1);
}

/** The fault where no field shows it, else null. */
export function faultBeside(fault: Fault | null, fields: readonly string[]): Fault | null {
  return fields.some((field) => faultAt(fault, field) !== null) ? null : fault;
}
