/** A table, whose rows become cards on a phone: each cell says what it is. */
import {ReactNode} from 'react';

export interface Column<T> {
  name: string;
  of: (row: T) => ReactNode;
  right?: boolean;
}

export function Table<T>({label, columns, rows, keyOf}: {
  label: string; columns: Column<T>[]; rows: T[]; keyOf: (row: T) => string | number;
}) {
  // Where nothing is to be done in any row, there is no column for it.
  const shown = columns.filter((column) => column.name !== 'Do' || rows.some((row) => column.of(row)));
  // Roles are said outright: as blocks on a phone, browsers would forget that this is a table.
  return (
    <div className="table">
      <table role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">{shown.map((column) => (
            <th key={column.name} role="columnheader" scope="col" className={column.right ? 'right' : undefined}>{column.name}</th>))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row">
              {shown.map((column) => (
                <td key={column.name} role="cell" data-name={column.name} className={column.right ? 'right' : undefined}>
                  <div>{column.of(row)}</div>
                </td>))}
            </tr>))}
        </tbody>
      </table>
    </div>
  );
}
