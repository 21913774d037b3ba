// A name with a leading underscore: no schema can hold it.
CREATE NODE TABLE IF NOT EXISTS `_whyrec` (`key` STRING, `value` STRING, PRIMARY KEY (`key`))
