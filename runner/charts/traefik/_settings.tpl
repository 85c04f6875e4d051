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
{{- end -}}
