"""What the registers add up to: totals by region as then and as now, participation, the public record."""
