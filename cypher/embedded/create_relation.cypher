CREATE REL TABLE IF NOT EXISTS {relation} (FROM {head} TO {tail}, `weight` DOUBLE, `timestamp` INT64)
