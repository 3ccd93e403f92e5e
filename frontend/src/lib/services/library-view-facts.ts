/** All that is known of a model, as names and values. */
import type { HubModelDetails, LibraryModel } from '$lib/api/types';
import { modelsStrings } from '$lib/strings';
import { bytes, count, date, dateTime, exactBytes, parameters } from './format';
import { quantizationOf } from './library-view';

export interface Fact {
  name: string;
  value: string;
  /** On hover. */
  exact?: string;
  isMono?: boolean;
  /** Whether one would copy it. */
  canCopy?: boolean;
}

type Given = Omit<Fact, 'value'> & { value: string | null | undefined | false };

const known = (facts: Given[]): Fact[] =>
  facts.flatMap((fact) => (fact.value ? [{ ...fact, value: fact.value }] : []));

export function installedFacts(model: LibraryModel): Fact[] {
  const words = modelsStrings.facts;
  const packed = model.quantization;
  const group = packed === null ? '' : `, ${words.group(packed.group_size)}`;
  return known([
    { name: words.id, value: model.id, isMono: true, canCopy: true },
    { name: words.aliases, value: model.aliases.join(', '), isMono: true },
    { name: words.family, value: model.family },
    {
      name: words.parameters,
      value: model.parameters !== null && parameters(model.parameters),
      exact: model.parameters === null ? undefined : count(model.parameters)
    },
    { name: words.quantization, value: `${quantizationOf(model)}${group}` },
    {
      name: words.context,
      value: model.context_length !== null && words.tokens(count(model.context_length))
    },
    { name: words.size, value: bytes(model.size_bytes), exact: exactBytes(model.size_bytes) },
    { name: words.licence, value: model.license },
    { name: words.tools, value: model.tool_format, isMono: true },
    { name: words.reasoning, value: model.reasoning_format, isMono: true },
    {
      name: words.lastUsed,
      value: model.last_used_at === null ? modelsStrings.neverUsed : dateTime(model.last_used_at)
    },
    { name: words.source, value: modelsStrings.sources[model.source] },
    { name: words.commit, value: model.commit, isMono: true, canCopy: true },
    { name: words.path, value: model.path, isMono: true, canCopy: true },
    { name: words.adapter, value: model.adapter_path, isMono: true },
    { name: words.duplicates, value: model.duplicates.join(', '), isMono: true },
    { name: words.keptBy, value: model.kept_by }
  ]);
}

export function hubFacts(model: HubModelDetails): Fact[] {
  const words = modelsStrings.facts;
  const files = model.files.filter((file) => file.is_wanted).length;
  return known([
    { name: words.repository, value: model.id, isMono: true, canCopy: true },
    {
      name: words.download,
      value: modelsStrings.hub.willDownload(bytes(model.download_bytes), files),
      exact: exactBytes(model.download_bytes)
    },
    {
      name: words.weights,
      value: model.size_bytes !== null && bytes(model.size_bytes),
      exact: model.size_bytes === null ? undefined : exactBytes(model.size_bytes)
    },
    { name: words.quantization, value: model.quantization },
    { name: words.family, value: model.family },
    {
      name: words.context,
      value: model.context_length !== null && words.tokens(count(model.context_length))
    },
    { name: words.task, value: model.task && (modelsStrings.hub.tasks[model.task] ?? model.task) },
    { name: words.licence, value: model.licence },
    { name: words.downloads, value: modelsStrings.hub.downloadsExact(count(model.downloads)) },
    { name: words.likes, value: count(model.likes) },
    {
      name: modelsStrings.hub.updated,
      value: model.updated_at && date(model.updated_at),
      exact: model.updated_at === null ? undefined : dateTime(model.updated_at)
    },
    { name: words.commit, value: model.commit_hash, isMono: true, canCopy: true },
    { name: words.tags, value: model.tags.join(', ') }
  ]);
}
