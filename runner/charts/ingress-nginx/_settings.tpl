{{- define "settings" -}}
{{- $controller := .Values.controller -}}
{{- $class := $controller.ingressClassResource -}}
daemonset: {{ eq $controller.kind "DaemonSet" }}
type: {{ $controller.service.type }}
externalTrafficPolicy: {{ $controller.service.externalTrafficPolicy | default "" | quote }}
annotations: {{ toJson $controller.service.annotations }}
class: {{ $class.enabled | ternary $class.name "" }}
default: {{ $class.default }}
controller: {{ $class.controllerValue }}
affinity: {{ toJson $controller.affinity }}
tolerations: {{ toJson $controller.tolerations }}
image: ingress-nginx/controller
args:
  - /nginx-ingress-controller
  - --controller-class={{ $class.controllerValue }}
  {{- with $controller.ingressClass }}
  - --ingress-class={{ . }}
  {{- end }}
  {{- if $controller.ingressClassByName }}
  - --ingress-class-by-name=true
  {{- end }}
  {{- if $controller.watchIngressWithoutClass }}
  - --watch-ingress-without-class=true
  {{- end }}
  {{- range $name, $value := $controller.extraArgs }}
  - {{ printf "--%s=%v" $name $value | quote }}
  {{- end }}
{{- end -}}
