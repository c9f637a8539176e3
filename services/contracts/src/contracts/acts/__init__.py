"""Acts in three hands: prepared (经办), reviewed (审核), signed (签发); and the handover on a change of staff."""
