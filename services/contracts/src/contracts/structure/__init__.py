"""How a contract is put together: lots, several parties and regions, framework agreements, confirmations."""
