/** One node of a plan, as `explain (analyze, verbose, format json)` has it: the parts that are looked at. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly Schema?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Conflict Arbiter Indexes'?: readonly string[];
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The tables of a placement, as far as plans go by them. */
export interface PlannedPlacement {
  readonly schema: string;
  /** By the name of each index, its first column. */
  readonly leadingColumns: ReadonlyMap<string, string>;
}

/** They take the rows that something else has found, or that are written. */
const FINDS_NOTHING_ITSELF = new Set(['ModifyTable', 'Bitmap Heap Scan', 'Tid Scan']);

/** A node and all beneath it. */
function nodesOf(plan: PlanNode): readonly PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** Which tables of the placement it reads or writes. */
export function tablesOf(plan: PlanNode, { schema }: PlannedPlacement): readonly string[] {
  return nodesOf(plan).flatMap((node) => tableOf(node, schema) ?? []);
}

/** Which indexes it uses: to find rows, or to find out that there is one already. */
export function indexesOf(plan: PlanNode): readonly string[] {
  return nodesOf(plan).flatMap(indexesOfNode);
}

/** How many rows of the placement were read in vain, at the most by one node. */
export function wasteOf(plan: PlanNode, { schema }: PlannedPlacement): number {
  const nodes = nodesOf(plan).filter((node) => tableOf(node, schema) !== undefined);
  return Math.max(0, ...nodes.map((node) => node['Rows Removed by Filter'] ?? 0));
}

/**
 * Where a plan finds rows otherwise than by the tenant: without an index, by one that leads with something else, or by one
 * that leads with the tenant, but through those of all.
 */
export function flawsOf(plan: PlanNode, placement: PlannedPlacement): readonly string[] {
  return nodesOf(plan).flatMap((node) => flawsOfNode(node, placement));
}

function flawsOfNode(node: PlanNode, { schema, leadingColumns }: PlannedPlacement): string[] {
  const flaws = indexesOfNode(node)
    .filter((name) => (leadingColumns.get(name) ?? 'tenant_id') !== 'tenant_id')
    .map((name) => `${name} leads with ${leadingColumns.get(name)}`);
  if (flaws.length > 0) {
    return flaws;
  }
  const index = node['Index Name'];
  if (index !== undefined) {
    const isOfOneTenant = /\btenant_id = /.test(node['Index Cond'] ?? '');
    return leadingColumns.has(index) && !isOfOneTenant ? [`${index} of all tenants`] : [];
  }
  const table = tableOf(node, schema);
  return table === undefined || FINDS_NOTHING_ITSELF.has(node['Node Type'])
    ? []
    : [`${node['Node Type']} on ${table}`];
}

function indexesOfNode(node: PlanNode): readonly string[] {
  const { 'Index Name': index, 'Conflict Arbiter Indexes': arbiters = [] } = node;
  return index === undefined ? arbiters : [index, ...arbiters];
}

function tableOf(node: PlanNode, schema: string): string | undefined {
  return node.Schema === schema ? node['Relation Name'] : undefined;
}
