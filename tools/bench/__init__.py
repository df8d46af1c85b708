"""Measurements that anybody can repeat. Ratios within one run count; absolute times belong to the machine."""
