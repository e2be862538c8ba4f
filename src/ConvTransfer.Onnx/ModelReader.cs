using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Onnx.Protobuf;

namespace ConvTransfer.Onnx;

/// <summary>Maps the messages of a file onto a model, faithfully, and collects every structural problem.</summary>
internal sealed class ModelReader(ProblemList problems, Limits limits, ExternalFolder? external)
{
    private readonly TensorReader _tensors = new(problems, limits, external);
    private int _nodes;

    /// <summary>The model of a message.</summary>
    public Model Read(ModelProto proto, string? file)
    {
        CheckVersions(proto);
        if (proto.Graph is null) problems.Error(FailureCause.ModelInvalid, "the file has no graph");
        else if (proto.Graph.Output.Count == 0) problems.Error(FailureCause.ModelInvalid, "the graph declares no output");

        var origin = new Origin<ModelProto, Model>(proto);
        return origin.Remember(new Model(proto.Graph is null ? new Graph() : Read(proto.Graph))
        {
            IrVersion = proto.IrVersion,
            OpsetImports = proto.OpsetImport.Select(Read).ToValueList(),
            ProducerName = proto.HasProducerName ? proto.ProducerName : null,
            ProducerVersion = proto.HasProducerVersion ? proto.ProducerVersion : null,
            Domain = proto.HasDomain ? proto.Domain : null,
            ModelVersion = proto.HasModelVersion ? proto.ModelVersion : null,
            DocString = proto.HasDocString ? proto.DocString : null,
            Metadata = Read(proto.MetadataProps),
            Functions = proto.Functions.Select(Read).ToValueList(),
            File = file,
            Origin = origin,
        });
    }

    private void CheckVersions(ModelProto proto)
    {
        if (!proto.HasIrVersion) problems.Error(FailureCause.ModelInvalid, "ir_version is missing: not an ONNX model");
        else if (proto.IrVersion > KnownVersions.NewestIr) problems.Error(FailureCause.Unsupported, $"ir_version {proto.IrVersion} is newer than {KnownVersions.NewestIr}, the newest that is known");
        else if (proto.IrVersion < KnownVersions.OldestIr) problems.Error(FailureCause.Unsupported, $"ir_version {proto.IrVersion} is older than {KnownVersions.OldestIr}, the oldest that is read");
        if (proto.OpsetImport.Count == 0) problems.Error(FailureCause.ModelInvalid, "opset_import is missing: nothing says which versions of the operators are meant");
        foreach (var import in proto.OpsetImport.Select(Read))
        {
            if (KnownVersions.NewestOf(import.CanonicalDomain) is not long newest) continue;
            string domain = import.CanonicalDomain.Length == 0 ? "ai.onnx" : import.CanonicalDomain;
            if (import.Version > newest) problems.Error(FailureCause.Unsupported, $"opset {import.Version} of {domain} is newer than {newest}, the newest that is known");
            else if (import.Version < 1) problems.Error(FailureCause.ModelInvalid, $"opset {import.Version} of {domain} does not exist");
        }
    }

    private static OpsetImport Read(OperatorSetIdProto proto) => new(proto.Domain, proto.Version);

    private static ValueList<KeyValuePair<string, string>> Read(IEnumerable<StringStringEntryProto> entries) => entries.Select(e => KeyValuePair.Create(e.Key, e.Value)).ToValueList();

    private Graph Read(GraphProto proto)
    {
        var origin = new Origin<GraphProto, Graph>(proto);
        return origin.Remember(new Graph
        {
            Name = proto.Name,
            Nodes = proto.Node.Select(Read).ToValueList(),
            Inputs = proto.Input.Select(Read).ToValueList(),
            Outputs = proto.Output.Select(Read).ToValueList(),
            Initializers = proto.Initializer.Select(t => _tensors.Read(t, $"initializer '{DisplayText.Escape(t.Name)}'")).ToValueList(),
            ValueInfos = proto.ValueInfo.Select(Read).ToValueList(),
            SparseInitializers = proto.SparseInitializer.Select(s => s.Values?.Name ?? "").ToValueList(),
            DocString = proto.HasDocString ? proto.DocString : null,
            Metadata = Read(proto.MetadataProps),
            Origin = origin,
        });
    }

    private Function Read(FunctionProto proto)
    {
        var origin = new Origin<FunctionProto, Function>(proto);
        return origin.Remember(new Function(proto.Domain, proto.Name, proto.Input.ToValueList(), proto.Output.ToValueList(), proto.Node.Select(Read).ToValueList())
        {
            Overload = proto.Overload,
            Attributes = proto.Attribute.ToValueList(),
            DefaultAttributes = proto.AttributeProto.Select(a => Read(a, $"function '{DisplayText.Escape(proto.Name)}'")).ToValueList(),
            OpsetImports = proto.OpsetImport.Select(Read).ToValueList(),
            Origin = origin,
        });
    }

    private Node Read(NodeProto proto)
    {
        if (++_nodes == limits.Nodes + 1) problems.Error(FailureCause.Limit, $"the file has more than {limits.Nodes} nodes");
        var origin = new Origin<NodeProto, Node>(proto);
        var node = new Node(proto.OpType, proto.Input.ToValueList(), proto.Output.ToValueList())
        {
            Name = proto.Name,
            Domain = proto.Domain,
            Overload = proto.Overload,
            DocString = proto.HasDocString ? proto.DocString : null,
            Metadata = Read(proto.MetadataProps),
            Origin = origin,
        };
        return origin.Remember(node with { Attributes = proto.Attribute.Select(a => Read(a, node.DisplayName)).ToValueList() });
    }

    private NodeAttribute Read(AttributeProto proto, string owner)
    {
        var origin = new Origin<AttributeProto, NodeAttribute>(proto);
        return origin.Remember(new NodeAttribute(proto.Name, Value(proto, owner)) { DocString = proto.HasDocString ? proto.DocString : null, Origin = origin });
    }

    private AttributeValue Value(AttributeProto proto, string owner)
    {
        string what = $"{owner}: attribute '{DisplayText.Escape(proto.Name)}'";
        var type = proto.HasType && proto.Type != AttributeProto.Types.AttributeType.Undefined ? proto.Type : TypeByField(proto);
        if (proto.HasRefAttrName && proto.RefAttrName.Length > 0) return new AttributeValue.Reference(proto.RefAttrName, TypeName(type));
        switch (type)
        {
            case AttributeProto.Types.AttributeType.Float: return new AttributeValue.Float(proto.F);
            case AttributeProto.Types.AttributeType.Int: return new AttributeValue.Int(proto.I);
            case AttributeProto.Types.AttributeType.String: return new AttributeValue.String(ValueList.Create(proto.S.Span));
            case AttributeProto.Types.AttributeType.Floats: return new AttributeValue.Floats(proto.Floats.ToValueList());
            case AttributeProto.Types.AttributeType.Ints: return new AttributeValue.Ints(proto.Ints.ToValueList());
            case AttributeProto.Types.AttributeType.Strings: return new AttributeValue.Strings(proto.Strings.Select(s => ValueList.Create(s.Span)).ToValueList());
            case AttributeProto.Types.AttributeType.Tensor when proto.T is not null: return new AttributeValue.Tensor(_tensors.Read(proto.T, what));
            case AttributeProto.Types.AttributeType.Graph when proto.G is not null: return new AttributeValue.Subgraph(Read(proto.G));
            case AttributeProto.Types.AttributeType.Tensors: return new AttributeValue.Tensors(proto.Tensors.Select(t => _tensors.Read(t, what)).ToValueList());
            case AttributeProto.Types.AttributeType.Graphs: return new AttributeValue.Subgraphs(proto.Graphs.Select(Read).ToValueList());
            case AttributeProto.Types.AttributeType.Tensor or AttributeProto.Types.AttributeType.Graph:
                problems.Error(FailureCause.ModelInvalid, $"{what} is of type {TypeName(type)} but holds none");
                break;
        }
        return new AttributeValue.Other(TypeName(type));
    }

    private static string TypeName(AttributeProto.Types.AttributeType type) => type switch
    {
        AttributeProto.Types.AttributeType.SparseTensor => "SPARSE_TENSOR",
        AttributeProto.Types.AttributeType.SparseTensors => "SPARSE_TENSORS",
        AttributeProto.Types.AttributeType.TypeProto => "TYPE_PROTO",
        AttributeProto.Types.AttributeType.TypeProtos => "TYPE_PROTOS",
        _ => type.ToString().ToUpperInvariant(),
    };

    // Files of before IR 2 do not name the type: the field that is set tells it.
    private static AttributeProto.Types.AttributeType TypeByField(AttributeProto proto) =>
        proto.HasF ? AttributeProto.Types.AttributeType.Float
        : proto.HasI ? AttributeProto.Types.AttributeType.Int
        : proto.HasS ? AttributeProto.Types.AttributeType.String
        : proto.T is not null ? AttributeProto.Types.AttributeType.Tensor
        : proto.G is not null ? AttributeProto.Types.AttributeType.Graph
        : proto.Floats.Count > 0 ? AttributeProto.Types.AttributeType.Floats
        : proto.Ints.Count > 0 ? AttributeProto.Types.AttributeType.Ints
        : proto.Strings.Count > 0 ? AttributeProto.Types.AttributeType.Strings
        : proto.Tensors.Count > 0 ? AttributeProto.Types.AttributeType.Tensors
        : proto.Graphs.Count > 0 ? AttributeProto.Types.AttributeType.Graphs
        : AttributeProto.Types.AttributeType.Undefined;

    private static ValueInfo Read(ValueInfoProto proto)
    {
        var origin = new Origin<ValueInfoProto, ValueInfo>(proto);
        return origin.Remember(new ValueInfo(proto.Name, proto.Type is null ? null : Read(proto.Type)) { DocString = proto.HasDocString ? proto.DocString : null, Origin = origin });
    }

    private static Graphs.ValueType? Read(TypeProto proto) => proto.ValueCase switch
    {
        TypeProto.ValueOneofCase.TensorType => new TensorType((ElementType)proto.TensorType.ElemType, proto.TensorType.Shape?.Dim.Select(Read).ToValueList()),
        TypeProto.ValueOneofCase.None => null,
        _ => new OtherType(Describe(proto)),
    };

    // A negative number is how some writers say that a length is not known.
    private static Dim Read(TensorShapeProto.Types.Dimension dim) => dim.ValueCase switch
    {
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue when dim.DimValue >= 0 => dim.DimValue,
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam when dim.DimParam.Length > 0 => Dim.Of(dim.DimParam),
        _ => Dim.Unknown,
    };

    private static string Describe(TypeProto? proto) => proto?.ValueCase switch
    {
        TypeProto.ValueOneofCase.TensorType => $"tensor({((ElementType)proto.TensorType.ElemType).OnnxName()})",
        TypeProto.ValueOneofCase.SequenceType => $"sequence({Describe(proto.SequenceType.ElemType)})",
        TypeProto.ValueOneofCase.MapType => $"map({((ElementType)proto.MapType.KeyType).OnnxName()}, {Describe(proto.MapType.ValueType)})",
        TypeProto.ValueOneofCase.OptionalType => $"optional({Describe(proto.OptionalType.ElemType)})",
        TypeProto.ValueOneofCase.SparseTensorType => $"sparse_tensor({((ElementType)proto.SparseTensorType.ElemType).OnnxName()})",
        TypeProto.ValueOneofCase.OpaqueType => $"opaque({DisplayText.Escape(proto.OpaqueType.Domain)}, {DisplayText.Escape(proto.OpaqueType.Name)})",
        _ => "nothing",
    };
}
