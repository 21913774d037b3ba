COPY {type} (`id`, `label`[[, {property}]]) FROM $rows
