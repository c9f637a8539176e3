"""Settings of the tenant per region: which acts need three persons, confirmations of the parties, deputies."""
