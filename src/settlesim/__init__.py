"""settlesim: how the order of talks and concessions changes the way a war is settled."""
