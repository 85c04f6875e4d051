{{- define "settings" -}}
{{- $class := .Values.ingressClass -}}
daemonset: {{ eq .Values.deployment.kind "DaemonSet" }}
type: {{ .Values.service.type }}
externalTrafficPolicy: {{ .Values.service.spec.externalTrafficPolicy | default "" | quote }}
annotations: {{ toJson .Values.service.annotations }}
class: {{ $class.enabled | ternary ($class.name | default .Release.Name) "" }}
default: {{ $class.isDefaultClass }}
controller: traefik.io/ingress-controller
affinity: {{ toJson .Values.affinity }}
tolerations: {{ toJson .Values.tolerations }}
{{- if and .Values.providers.kubernetesGateway.enabled .Values.gateway.enabled }}
gateway:
  name: {{ .Values.gateway.name | default "traefik-gateway" }}
  class: {{ .Values.gatewayClass.name | default "traefik" }}
  controller: traefik.io/gateway-controller
  listeners:
    {{- range $name, $listener := .Values.gateway.listeners }}
    - name: {{ $name }}
      port: {{ $listener.port }}
      protocol: {{ $listener.protocol }}
      {{- with $listener.namespacePolicy }}
      allowedRoutes: {namespaces: {{ toJson . }}}
      {{- end }}
    {{- end }}
{{- end }}
{{- end -}}
