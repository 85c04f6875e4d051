{{- define "settings" -}}
{{- $class := .Values.ingressClass -}}
{{- $ingress := .Values.providers.kubernetesIngress -}}
{{- $nginx := .Values.providers.kubernetesIngressNGINX -}}
daemonset: {{ eq .Values.deployment.kind "DaemonSet" }}
type: {{ .Values.service.type }}
externalTrafficPolicy: {{ .Values.service.spec.externalTrafficPolicy | default "" | quote }}
annotations: {{ toJson .Values.service.annotations }}
class: {{ $class.enabled | ternary ($class.name | default .Release.Name) "" }}
default: {{ $class.isDefaultClass }}
controller: traefik.io/ingress-controller
affinity: {{ toJson .Values.affinity }}
tolerations: {{ toJson .Values.tolerations }}
image: traefik
httpPort: 8000
httpsPort: 8443
args:
  - --entryPoints.web.address=:8000/tcp
  - --entryPoints.websecure.address=:8443/tcp
  - --entryPoints.websecure.http.tls=true
  {{- if $ingress.enabled }}
  - --providers.kubernetesingress
  - --providers.kubernetesingress.allowEmptyServices={{ $ingress.allowEmptyServices }}
  {{- with $ingress.ingressClass }}
  - --providers.kubernetesingress.ingressClass={{ . }}
  {{- end }}
  {{- if $ingress.strictPrefixMatching }}
  - --providers.kubernetesingress.strictPrefixMatching=true
  {{- end }}
  {{- end }}
  {{- if $nginx.enabled }}
  - --providers.kubernetesingressnginx
  {{- with $nginx.controllerClass }}
  - --providers.kubernetesingressnginx.controllerclass={{ . }}
  {{- end }}
  {{- with $nginx.ingressClass }}
  - --providers.kubernetesingressnginx.ingressclass={{ . }}
  {{- end }}
  {{- if $nginx.ingressClassByName }}
  - --providers.kubernetesingressnginx.ingressclassbyname=true
  {{- end }}
  {{- if $nginx.watchIngressWithoutClass }}
  - --providers.kubernetesingressnginx.watchingresswithoutclass=true
  {{- end }}
  {{- end }}
  {{- if .Values.providers.kubernetesGateway.enabled }}
  - --providers.kubernetesgateway
  {{- end }}
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
