"""The ways out: REST, MQTT, the WebSocket and the card."""
