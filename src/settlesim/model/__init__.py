"""What happens in a week: rules, the mechanisms they form, and the protocol that orders them."""
