// The first two columns of the rows are the ends.
COPY {relation} (`weight`, `timestamp`[[, {property}]]) FROM $rows
