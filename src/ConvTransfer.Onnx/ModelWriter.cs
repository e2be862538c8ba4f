using ConvTransfer.Core;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx.Protobuf;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace ConvTransfer.Onnx;

/// <summary>Maps a model onto messages. What is as it was read is written as the message it was read from; what changed is a patched copy.</summary>
internal sealed class ModelWriter
{
    private readonly bool _embedExternal;

    /// <summary>Creates a writer.</summary>
    /// <param name="embedExternal">True to write the content of external data into the file.</param>
    public ModelWriter(bool embedExternal) => _embedExternal = embedExternal;

    /// <summary>The message of a model.</summary>
    public ModelProto Write(Model model)
    {
        var origin = model.Origin as Origin<ModelProto, Model>;
        bool changed = origin is null || model with { File = origin.AsRead.File } != origin.AsRead;
        if (!changed && !_embedExternal) return origin!.Message;
        var was = origin?.AsRead;
        var to = origin?.Message.Clone() ?? new ModelProto();
        long least = KnownVersions.LeastIrFor(model.Opset() ?? 1);
        long ir = changed ? Math.Max(Math.Max(was?.IrVersion ?? 0, model.IrVersion), least) : model.IrVersion;
        if (!to.HasIrVersion || to.IrVersion != ir) to.IrVersion = ir;
        Patch.Text(model.ProducerName, was?.ProducerName, v => to.ProducerName = v, to.ClearProducerName);
        Patch.Text(model.ProducerVersion, was?.ProducerVersion, v => to.ProducerVersion = v, to.ClearProducerVersion);
        Patch.Text(model.Domain, was?.Domain, v => to.Domain = v, to.ClearDomain);
        Patch.Text(model.DocString, was?.DocString, v => to.DocString = v, to.ClearDocString);
        if (model.ModelVersion != was?.ModelVersion)
        {
            if (model.ModelVersion is long version) to.ModelVersion = version;
            else to.ClearModelVersion();
        }
        if (was is null || model.OpsetImports != was.OpsetImports) Patch.Replace(to.OpsetImport, model.OpsetImports.Select(Write));
        if (was is null || model.Metadata != was.Metadata) Patch.Replace(to.MetadataProps, model.Metadata.Select(Patch.Entry));
        Patch.Replace(to.Functions, model.Functions.Select(Write));
        var inputs = changed ? Inputs(model.Graph, was?.IrVersion ?? model.IrVersion, ir) : model.Graph.Inputs;
        to.Graph = Write(model.Graph with { Inputs = inputs });
        return to;
    }

    // Up to IR 3 every initializer is an input too. From IR 4 on one that is invites the caller to override it: a file that is raised to it has none.
    private static ValueList<ValueInfo> Inputs(Graph graph, long was, long now)
    {
        const long OwnInitializers = 4;
        if (now < OwnInitializers)
        {
            var listed = graph.Inputs.Select(i => i.Name).ToHashSet();
            return [.. graph.Inputs, .. graph.Initializers.Where(t => !listed.Contains(t.Name)).Select(t => new ValueInfo(t.Name, t.Type))];
        }
        return was < OwnInitializers ? graph.RequiredInputs.ToValueList() : graph.Inputs;
    }

    private GraphProto Write(Graph graph)
    {
        var origin = graph.Origin as Origin<GraphProto, Graph>;
        var was = origin?.AsRead;
        if (was is not null && graph == was && !_embedExternal) return origin!.Message;
        var to = origin?.Message.Clone() ?? new GraphProto();
        Patch.Text(graph.Name, was?.Name, v => to.Name = v, to.ClearName);
        Patch.Text(graph.DocString, was?.DocString, v => to.DocString = v, to.ClearDocString);
        Patch.Replace(to.Node, graph.Nodes.Select(Write));
        Patch.Replace(to.Input, graph.Inputs.Select(Write));
        Patch.Replace(to.Output, graph.Outputs.Select(Write));
        Patch.Replace(to.ValueInfo, graph.ValueInfos.Select(Write));
        Patch.Replace(to.Initializer, graph.Initializers.Select(WriteTensor));
        if (was is null || graph.Metadata != was.Metadata) Patch.Replace(to.MetadataProps, graph.Metadata.Select(Patch.Entry));
        if (was is not null && graph.SparseInitializers != was.SparseInitializers)
        {
            var kept = graph.SparseInitializers.ToHashSet();
            Patch.Replace(to.SparseInitializer, origin!.Message.SparseInitializer.Where(s => kept.Contains(s.Values?.Name ?? "")));
        }
        return to;
    }

    private FunctionProto Write(Function function)
    {
        var origin = function.Origin as Origin<FunctionProto, Function>;
        var was = origin?.AsRead;
        if (was is not null && function == was && !_embedExternal) return origin!.Message;
        var to = origin?.Message.Clone() ?? new FunctionProto();
        Patch.Text(function.Name, was?.Name, v => to.Name = v, to.ClearName);
        Patch.Text(function.Domain, was?.Domain, v => to.Domain = v, to.ClearDomain);
        Patch.Text(function.Overload, was?.Overload, v => to.Overload = v, to.ClearOverload);
        Patch.Replace(to.Input, function.Inputs);
        Patch.Replace(to.Output, function.Outputs);
        Patch.Replace(to.Attribute, function.Attributes);
        Patch.Replace(to.AttributeProto, function.DefaultAttributes.Select(Write));
        Patch.Replace(to.Node, function.Nodes.Select(Write));
        if (was is null || function.OpsetImports != was.OpsetImports) Patch.Replace(to.OpsetImport, function.OpsetImports.Select(Write));
        return to;
    }

    private static OperatorSetIdProto Write(OpsetImport import) => new() { Domain = import.Domain, Version = import.Version };

    private NodeProto Write(Node node)
    {
        var origin = node.Origin as Origin<NodeProto, Node>;
        var was = origin?.AsRead;
        if (was is not null && node == was && !_embedExternal) return origin!.Message;
        var to = origin?.Message.Clone() ?? new NodeProto();
        Patch.Text(node.OpType, was?.OpType, v => to.OpType = v, to.ClearOpType);
        Patch.Text(node.Name, was?.Name, v => to.Name = v, to.ClearName);
        Patch.Text(node.Domain, was?.Domain, v => to.Domain = v, to.ClearDomain);
        Patch.Text(node.Overload, was?.Overload, v => to.Overload = v, to.ClearOverload);
        Patch.Text(node.DocString, was?.DocString, v => to.DocString = v, to.ClearDocString);
        Patch.Replace(to.Input, node.Inputs);
        Patch.Replace(to.Output, node.Outputs);
        Patch.Replace(to.Attribute, node.Attributes.Select(Write));
        if (was is null || node.Metadata != was.Metadata) Patch.Replace(to.MetadataProps, node.Metadata.Select(Patch.Entry));
        return to;
    }

    private AttributeProto Write(NodeAttribute attribute)
    {
        var origin = attribute.Origin as Origin<AttributeProto, NodeAttribute>;
        var was = origin?.AsRead;
        if (was is not null && attribute == was && !(_embedExternal && HoldsTensors(attribute.Value))) return origin!.Message;
        var to = origin?.Message.Clone() ?? new AttributeProto();
        Patch.Text(attribute.Name, was?.Name, v => to.Name = v, to.ClearName);
        Patch.Text(attribute.DocString, was?.DocString, v => to.DocString = v, to.ClearDocString);
        if (was is not null && attribute.Value == was.Value && !HoldsTensors(attribute.Value)) return to;
        ClearValue(to);
        SetValue(to, attribute.Value, attribute.Name);
        return to;
    }

    private static bool HoldsTensors(AttributeValue value) => value is AttributeValue.Tensor or AttributeValue.Tensors or AttributeValue.Subgraph or AttributeValue.Subgraphs;

    private static void ClearValue(AttributeProto to)
    {
        to.ClearF();
        to.ClearI();
        to.ClearS();
        to.ClearRefAttrName();
        to.T = null;
        to.G = null;
        to.Tp = null;
        to.SparseTensor = null;
        to.Floats.Clear();
        to.Ints.Clear();
        to.Strings.Clear();
        to.Tensors.Clear();
        to.Graphs.Clear();
        to.TypeProtos.Clear();
        to.SparseTensors.Clear();
    }

    private void SetValue(AttributeProto to, AttributeValue value, string name)
    {
        switch (value)
        {
            case AttributeValue.Float v: (to.Type, to.F) = (AttributeProto.Types.AttributeType.Float, v.Value); break;
            case AttributeValue.Int v: (to.Type, to.I) = (AttributeProto.Types.AttributeType.Int, v.Value); break;
            case AttributeValue.String v: (to.Type, to.S) = (AttributeProto.Types.AttributeType.String, ByteString.CopyFrom(v.Utf8.AsSpan())); break;
            case AttributeValue.Tensor v: (to.Type, to.T) = (AttributeProto.Types.AttributeType.Tensor, WriteTensor(v.Value)); break;
            case AttributeValue.Subgraph v: (to.Type, to.G) = (AttributeProto.Types.AttributeType.Graph, Write(v.Value)); break;
            case AttributeValue.Floats v: to.Type = AttributeProto.Types.AttributeType.Floats; to.Floats.AddRange(v.Values); break;
            case AttributeValue.Ints v: to.Type = AttributeProto.Types.AttributeType.Ints; to.Ints.AddRange(v.Values); break;
            case AttributeValue.Strings v: to.Type = AttributeProto.Types.AttributeType.Strings; to.Strings.AddRange(v.Utf8.Select(s => ByteString.CopyFrom(s.AsSpan()))); break;
            case AttributeValue.Tensors v: to.Type = AttributeProto.Types.AttributeType.Tensors; to.Tensors.AddRange(v.Values.Select(WriteTensor)); break;
            case AttributeValue.Subgraphs v: to.Type = AttributeProto.Types.AttributeType.Graphs; to.Graphs.AddRange(v.Values.Select(Write)); break;
            case AttributeValue.Reference v:
                to.RefAttrName = v.Attribute;
                to.Type = Enum.TryParse<AttributeProto.Types.AttributeType>(v.DeclaredType.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var type) ? type : AttributeProto.Types.AttributeType.Undefined;
                break;
            default:
                throw new ConvTransferException(FailureCause.Unsupported, $"attribute '{DisplayText.Escape(name)}' of type {value.TypeName} cannot be written anew");
        }
    }

    private static ValueInfoProto Write(ValueInfo info)
    {
        var origin = info.Origin as Origin<ValueInfoProto, ValueInfo>;
        var was = origin?.AsRead;
        if (was is not null && info == was) return origin!.Message;
        var to = origin?.Message.Clone() ?? new ValueInfoProto();
        Patch.Text(info.Name, was?.Name, v => to.Name = v, to.ClearName);
        Patch.Text(info.DocString, was?.DocString, v => to.DocString = v, to.ClearDocString);
        if (was is not null && Equals(info.Type, was.Type)) return to;
        to.Type = info.Type switch
        {
            null => null,
            TensorType tensor => Patch.Type(tensor),
            _ => throw new ConvTransferException(FailureCause.Unsupported, $"value '{DisplayText.Escape(info.Name)}' of type {info.Type} cannot be written anew"),
        };
        return to;
    }

    /// <summary>The message of a tensor.</summary>
    public TensorProto WriteTensor(TensorData tensor)
    {
        var origin = tensor.Origin as Origin<TensorProto, TensorData>;
        bool embed = _embedExternal && origin?.Message.DataLocation == TensorProto.Types.DataLocation.External;
        if (origin is not null && tensor == origin.AsRead && !embed) return origin.Message;
        var to = origin?.Message.Clone() ?? new TensorProto();
        var was = origin?.AsRead;
        Patch.Text(tensor.Name, was?.Name, v => to.Name = v, to.ClearName);
        Patch.Text(tensor.DocString, was?.DocString, v => to.DocString = v, to.ClearDocString);
        if (was is not null && tensor.HasSameContent(was) && !embed) return to;
        to.DataType = (int)tensor.ElementType;
        Patch.Replace(to.Dims, tensor.Dims);
        to.FloatData.Clear();
        to.Int32Data.Clear();
        to.Int64Data.Clear();
        to.DoubleData.Clear();
        to.Uint64Data.Clear();
        to.StringData.Clear();
        to.ExternalData.Clear();
        to.ClearDataLocation();
        to.ClearRawData();
        if (tensor.ElementType == Engine.Tensors.ElementType.String) to.StringData.AddRange(tensor.Strings.Select(s => ByteString.CopyFrom(s.Span)));
        else to.RawData = UnsafeByteOperations.UnsafeWrap(tensor.Bytes);
        return to;
    }
}
